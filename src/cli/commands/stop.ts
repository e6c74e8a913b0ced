import { defineCommand, value } from '../command.js';
import { findBox } from '../find-box.js';
import { wholeNumber } from '../flags/number.js';
import { forEachTarget } from '../targets.js';

export const stop = defineCommand({
  name: 'stop',
  group: 'boxes',
  summary: 'Stop boxes',
  description:
    'Asks the command to end, kills it when it does not, and prints each name it was given.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'running-box' }],
  options: {
    signal: value("Signal to ask with (default: the image's, else TERM)", 'SIGNAL', { short: 's' }),
    // Docker has renamed it; scripts know the older name.
    timeout: value('Seconds to wait before killing; -1 waits for ever (default 10)', 'SECONDS', {
      short: 't',
      parse: wholeNumber(-1),
    }),
    time: value('Older name of --timeout', 'SECONDS', { hidden: true, parse: wholeNumber(-1) }),
  },
  examples: [{ command: 'boxlite stop -t 2 web', what: 'Killed after two seconds' }],
  async run(context, names, options) {
    const runtime = await context.runtime();
    const timeoutSeconds = options.timeout ?? options.time;
    await forEachTarget(context, names, 'at once', async (name) => {
      await (
        await findBox(runtime, name)
      ).stop({
        ...(options.signal !== undefined && { signal: options.signal }),
        ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      });
      return `${name}\n`;
    });
    return 0;
  },
});
