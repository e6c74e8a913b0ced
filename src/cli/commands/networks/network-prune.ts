import { filterText } from '../../flags/filters/filters.js';
import { KEEP_FILTER_KEYS, parseKeepFilters } from '../../flags/filters/prune-filters.js';
import { defineCommand, flag, list } from '../../parse/command.js';
import { confirm } from '../../process/confirm.js';
import { print } from '../../process/context.js';

const WARNING = 'This will remove all custom networks not used by at least one container.';

export const networkPrune = defineCommand({
  name: 'network prune',
  group: 'networks',
  summary: 'Remove all networks that no box is in',
  description: 'Filters: until (only networks made before that), label, label!.',
  args: [],
  options: {
    force: flag('Do not ask', { short: 'f' }),
    filter: list('Only networks that match', 'KEY=VALUE', {
      complete: KEEP_FILTER_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
  },
  examples: [{ command: 'boxlite network prune -f --filter until=24h', what: 'Older than a day' }],
  async run(context, _args, { force, filter }) {
    const matches = parseKeepFilters(filter, context.now());
    if (!force && !(await confirm(context, WARNING))) return 0;
    const removed = await (await context.runtime()).networks.prune({ matches });
    if (removed.length > 0) await print(context, `Deleted Networks:\n${removed.join('\n')}\n\n`);
    return 0;
  },
});
