import { findBox } from '../../box/find-box.js';
import { readStopOptions, STOP_OPTIONS } from '../../box/stop-flags.js';
import { defineCommand } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

export const restart = defineCommand({
  name: 'restart',
  group: 'boxes',
  summary: 'Stop boxes and start them again',
  description: 'A stopped box is started. Prints each name it was given.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'box' }],
  options: STOP_OPTIONS,
  examples: [
    { command: 'boxlite restart -t 2 web', what: 'Killed after two seconds, then started' },
  ],
  async run(context, names, options) {
    const runtime = await context.runtime();
    const how = readStopOptions(options);
    await forEachTarget(context, names, 'at once', async (name) => {
      await (await findBox(runtime, name)).restart(how);
      return `${name}\n`;
    });
    return 0;
  },
});
