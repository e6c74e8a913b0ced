import { filterText } from '../../flags/filters/filters.js';
import { parseKeepFilters } from '../../flags/filters/prune-filters.js';
import { humanSize } from '../../output/text/size.js';
import { defineCommand, flag, list } from '../../parse/command.js';
import { confirm } from '../../process/confirm.js';
import { print } from '../../process/context.js';

export const containerPrune = defineCommand({
  name: 'container prune',
  aliases: ['box prune', 'prune'],
  group: 'boxes',
  summary: 'Remove all boxes that do not run',
  description: 'Filters: until (only boxes made before that), label, label!.',
  args: [],
  options: {
    force: flag('Do not ask', { short: 'f' }),
    filter: list('Only boxes that match', 'KEY=VALUE', { emptyIsNone: true, parse: filterText }),
  },
  examples: [
    { command: 'boxlite container prune -f --filter until=24h', what: 'Older than a day' },
  ],
  async run(context, _args, { force, filter }) {
    const matches = parseKeepFilters(filter, context.now());
    if (!force && !(await confirm(context, 'This will remove all stopped containers.'))) {
      await print(context, 'Total reclaimed space: 0B\n');
      return 0;
    }
    const { removed, freedBytes } = await (await context.runtime()).pruneBoxes(matches);
    if (removed.length > 0) await print(context, `Deleted Containers:\n${removed.join('\n')}\n\n`);
    await print(context, `Total reclaimed space: ${humanSize(freedBytes)}\n`);
    return 0;
  },
});
