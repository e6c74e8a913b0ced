import { BoxliteError } from '../../../errors.js';
import { filterText } from '../../flags/filters/filters.js';
import { parseVolumePruneFilters, VOLUME_PRUNE_KEYS } from '../../flags/filters/volume-filters.js';
import { humanSize } from '../../output/text/size.js';
import { defineCommand, flag, list } from '../../parse/command.js';
import { confirm } from '../../process/confirm.js';
import { print } from '../../process/context.js';

const WARNING = 'This will remove anonymous local volumes not used by at least one container.';
const WARNING_OF_ALL = 'This will remove all local volumes not used by at least one container.';

export const volumePrune = defineCommand({
  name: 'volume prune',
  group: 'volumes',
  summary: 'Remove the anonymous volumes that no box has, or with -a all of those',
  description: 'Filters: label, label!, all.',
  args: [],
  options: {
    all: flag('Those with names as well', { short: 'a' }),
    force: flag('Do not ask', { short: 'f' }),
    filter: list('Only volumes that match', 'KEY=VALUE', {
      complete: VOLUME_PRUNE_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
  },
  examples: [{ command: 'boxlite volume prune -af', what: 'All that no box has' }],
  async run(context, _args, { all, force, filter }) {
    const filters = parseVolumePruneFilters(filter);
    if (all && filters.all)
      throw new BoxliteError(
        'invalid-argument',
        'conflicting options: cannot specify both --all and --filter all=1',
      );
    const ofAll = all || filters.all;
    if (!force && !(await confirm(context, ofAll ? WARNING_OF_ALL : WARNING))) {
      await print(context, 'Total reclaimed space: 0B\n');
      return 0;
    }
    const { volumes } = await context.runtime();
    const pruned = await volumes.prune({ all: ofAll, matches: filters.matches });
    if (pruned.removed.length > 0)
      await print(context, `Deleted Volumes:\n${pruned.removed.join('\n')}\n\n`);
    await print(context, `Total reclaimed space: ${humanSize(pruned.freedBytes)}\n`);
    return 0;
  },
});
