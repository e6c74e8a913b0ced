import { findBox } from '../../box/find-box.js';
import { readStopOptions, STOP_OPTIONS } from '../../box/stop-flags.js';
import { defineCommand } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

export const stop = defineCommand({
  name: 'stop',
  group: 'boxes',
  summary: 'Stop boxes',
  description:
    'Asks the command to end, kills it when it does not, and prints each name it was given.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'running-box' }],
  options: STOP_OPTIONS,
  examples: [{ command: 'boxlite stop -t 2 web', what: 'Killed after two seconds' }],
  async run(context, names, options) {
    const runtime = await context.runtime();
    const how = readStopOptions(options);
    await forEachTarget(context, names, 'at once', async (name) => {
      await (await findBox(runtime, name)).stop(how);
      return `${name}\n`;
    });
    return 0;
  },
});
