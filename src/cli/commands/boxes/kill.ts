import { findBox } from '../../box/find-box.js';
import { defineCommand, value } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

export const kill = defineCommand({
  name: 'kill',
  group: 'boxes',
  summary: 'Send a signal to the command of boxes',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'running-box' }],
  options: {
    signal: value('Signal, by name or number (default KILL)', 'SIGNAL', {
      short: 's',
      emptyIsNone: true,
    }),
  },
  examples: [{ command: 'boxlite kill -s HUP web', what: 'Tell it to read its configuration' }],
  async run(context, names, options) {
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'in turn', async (name) => {
      await (await findBox(runtime, name)).kill(options.signal ?? 'KILL');
      return `${name}\n`;
    });
    return 0;
  },
});
