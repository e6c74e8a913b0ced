import { defineCommand, flag, value } from '../command.js';
import { print } from '../context.js';
import { usageDetails, usageRows, USAGE_COLUMNS, USAGE_HEADERS } from '../output/disk-usage.js';
import { printList } from '../output/list.js';
import { usageError } from '../usage-error.js';

export const systemDf = defineCommand({
  name: 'system df',
  group: 'system',
  summary: 'Show what images and boxes take of the disk',
  description: 'In bytes of the disk: holes do not count, and what images share counts once.',
  args: [],
  options: {
    verbose: flag('Each image and each box', { short: 'v' }),
    format: value("table, json, or a template such as '{{.Type}} {{.Size}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [{ command: 'boxlite system df -v', what: 'Which images share how much' }],
  async run(context, _args, { verbose, format }) {
    if (verbose && format !== undefined)
      throw usageError('the verbose and the format options conflict', 'system df');
    const usage = await (await context.runtime()).diskUsage();
    if (verbose) {
      await print(context, usageDetails(usage, context.now(), context.stdout));
      return 0;
    }
    await printList(context, usageRows(usage), {
      headers: USAGE_HEADERS,
      columns: USAGE_COLUMNS,
      format,
      quiet: false,
      quietField: 'Type',
    });
    return 0;
  },
});
