import type { WaitCondition } from '../../../engine/spec/options.js';
import { findBox } from '../../box/find-box.js';
import { oneOf } from '../../flags/number.js';
import { defineCommand, value } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

const CONDITIONS: readonly WaitCondition[] = ['not-running', 'next-exit', 'removed'];

export const wait = defineCommand({
  name: 'wait',
  group: 'boxes',
  summary: 'Wait until boxes have ended, and print their exit codes',
  description: 'One code a line, in the order of the names; a box that has ended answers at once.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'box' }],
  options: {
    condition: value('not-running (default), next-exit, or removed', 'CONDITION', {
      parse: oneOf(CONDITIONS),
      complete: CONDITIONS,
    }),
  },
  examples: [{ command: 'boxlite wait job', what: 'Its exit code, once it is known' }],
  async run(context, names, { condition = 'not-running' }) {
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'at once', async (name) => {
      const { exitCode } = await (await findBox(runtime, name)).wait({ condition });
      return `${exitCode}\n`;
    });
    return 0;
  },
});
