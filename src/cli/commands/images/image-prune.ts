import { filterText } from '../../flags/filters/filters.js';
import { parsePruneFilters, PRUNE_FILTER_KEYS } from '../../flags/filters/prune-filters.js';
import { removalLines } from '../../output/rows/removal.js';
import { humanSize } from '../../output/text/size.js';
import { defineCommand, flag, list } from '../../parse/command.js';
import { confirm } from '../../process/confirm.js';
import { print } from '../../process/context.js';

const DANGLING = 'This will remove all dangling images.';
const UNUSED = 'This will remove all images without at least one box associated to them.';

export const imagePrune = defineCommand({
  name: 'image prune',
  group: 'images',
  summary: 'Remove images that nothing uses',
  description:
    'Those without a name; what killed pulls and loads have left goes as well.\n' +
    'Filters: until (only images made before that), label, label!, dangling.',
  args: [],
  options: {
    all: flag('All images that no box was made of, not only those without a name', { short: 'a' }),
    force: flag('Do not ask', { short: 'f' }),
    filter: list('Only images that match', 'KEY=VALUE', {
      complete: PRUNE_FILTER_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
  },
  examples: [
    {
      command: 'boxlite image prune -af --filter until=240h',
      what: 'Unused and older than 10 days',
    },
  ],
  async run(context, _args, { all, force, filter }) {
    const { matches, dangling } = parsePruneFilters(filter, context.now());
    const everything = dangling === undefined ? all : !dangling;
    if (!force && !(await confirm(context, everything ? UNUSED : DANGLING))) {
      await print(context, 'Total reclaimed space: 0B\n');
      return 0;
    }
    const runtime = await context.runtime();
    const { removals, freedBytes } = await runtime.pruneImages({ all: everything, matches });
    if (removals.length > 0)
      await print(context, `Deleted Images:\n${removalLines(removals, 'untagged', 'deleted')}\n`);
    await print(context, `Total reclaimed space: ${humanSize(freedBytes)}\n`);
    return 0;
  },
});
