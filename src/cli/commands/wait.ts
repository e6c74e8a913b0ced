import { defineCommand } from '../command.js';
import { findBox } from '../find-box.js';
import { forEachTarget } from '../targets.js';

export const wait = defineCommand({
  name: 'wait',
  group: 'boxes',
  summary: 'Wait until boxes have ended, and print their exit codes',
  description: 'One code a line, in the order of the names; a box that has ended answers at once.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'box' }],
  options: {},
  examples: [{ command: 'boxlite wait job', what: 'Its exit code, once it is known' }],
  async run(context, names) {
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'in turn', async (name) => {
      const { exitCode } = await (await findBox(runtime, name)).wait();
      return `${exitCode}\n`;
    });
    return 0;
  },
});
