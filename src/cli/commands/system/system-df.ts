import type { DiskUsage } from '../../../engine/images/disk-usage.js';
import {
  USAGE_COLUMNS,
  USAGE_HEADERS,
  USAGE_RAW,
  usageRows,
} from '../../output/rows/disk-usage.js';
import { printList, unescape } from '../../output/terminal/list.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { type CommandContext, print } from '../../process/context.js';

export const systemDf = defineCommand({
  name: 'system df',
  group: 'system',
  summary: 'Show what images, boxes and volumes take of the disk',
  description:
    'In bytes of the disk: holes do not count, and what images share counts once. With -v a template is one\n' +
    'for all, of the lists Images, Containers, Volumes and BuildCache. Columns that a narrow terminal has no\n' +
    'room for are left out.',
  args: [],
  options: {
    verbose: flag('Each image, each box and each volume', { short: 'v' }),
    format: value("table, json, raw, or a template such as '{{.Type}} {{.Size}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [{ command: 'boxlite system df -v', what: 'Which images share how much' }],
  async run(context, _args, { verbose, format = 'table' }) {
    const usage = await (await context.runtime()).diskUsage();
    if (verbose) await print(context, await detailsOf(context, usage, format));
    else
      await printList(context, usageRows(usage), {
        headers: USAGE_HEADERS,
        columns: USAGE_COLUMNS,
        format,
        raw: USAGE_RAW,
        quiet: false,
        quietField: 'Type',
      });
    return 0;
  },
});

async function detailsOf(
  context: CommandContext,
  usage: DiskUsage,
  format: string,
): Promise<string> {
  const { usageDetails, usageTables } = await import('../../output/rows/disk-usage-details.js');
  const [now, { stdout }] = [context.now(), context];
  if (format === 'table') return usageTables(usage, now, stdout);
  if (format === 'json') return `${usageDetails(usage, now, '{{json .}}', stdout.isTTY)}\n`;
  return usageDetails(usage, now, unescape(format.replace(/^table */, '')), stdout.isTTY);
}
