import { BoxliteError } from '../../../errors.js';
import { filterText } from '../../flags/filters/filters.js';
import { parseKeepFilters, parsePruneFilters } from '../../flags/filters/prune-filters.js';
import { parseVolumePruneFilters } from '../../flags/filters/volume-filters.js';
import { removalLines } from '../../output/rows/removal.js';
import { humanSize } from '../../output/text/size.js';
import { defineCommand, flag, list } from '../../parse/command.js';
import { confirm } from '../../process/confirm.js';
import { print } from '../../process/context.js';

export const systemPrune = defineCommand({
  name: 'system prune',
  group: 'system',
  summary: 'Remove all boxes that do not run, and networks and images that nothing uses',
  description:
    'Images without a name, or with -a all that no box was made of. Volumes stay, or with --volumes those\n' +
    'with names.\n' +
    'Filters: until (only what was made before that), label, label!.',
  args: [],
  options: {
    all: flag('All images that no box was made of, not only those without a name', { short: 'a' }),
    force: flag('Do not ask', { short: 'f' }),
    volumes: flag('Anonymous volumes that no box has, too'),
    filter: list('Only what matches', 'KEY=VALUE', { emptyIsNone: true, parse: filterText }),
  },
  examples: [{ command: 'boxlite system prune -af', what: 'All that is not in use' }],
  async run(context, _args, { all, force, volumes, filter }) {
    if (volumes && filter.some((text) => text.startsWith('until=')))
      throw new BoxliteError(
        'invalid-argument',
        'The "until" filter is not supported with "--volumes"',
      );
    const matches = parseKeepFilters(filter, context.now());
    const { matches: matchesImage } = parsePruneFilters(filter, context.now());
    if (!force && !(await confirm(context, warningOf(all, volumes)))) {
      await print(context, 'Total reclaimed space: 0B\n');
      return 0;
    }
    const runtime = await context.runtime();
    const boxes = await runtime.pruneBoxes(matches);
    if (boxes.removed.length > 0)
      await print(context, `Deleted Containers:\n${boxes.removed.join('\n')}\n\n`);
    const networks = await runtime.networks.prune({ matches: matchesImage });
    if (networks.length > 0) await print(context, `Deleted Networks:\n${networks.join('\n')}\n\n`);
    const ofVolumes = volumes
      ? await runtime.volumes.prune({ matches: parseVolumePruneFilters(filter).matches })
      : { removed: [], freedBytes: 0 };
    if (ofVolumes.removed.length > 0)
      await print(context, `Deleted Volumes:\n${ofVolumes.removed.join('\n')}\n\n`);
    const images = await runtime.pruneImages({ all, matches: matchesImage });
    if (images.removals.length > 0)
      await print(
        context,
        `Deleted Images:\n${removalLines(images.removals, 'untagged', 'deleted')}\n`,
      );
    const freed = boxes.freedBytes + ofVolumes.freedBytes + images.freedBytes;
    await print(context, `Total reclaimed space: ${humanSize(freed)}\n`);
    return 0;
  },
});

function warningOf(all: boolean, volumes: boolean): string {
  const images = all
    ? 'all images without at least one container associated to them'
    : 'all dangling images';
  const lines = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
    images,
  ];
  return `This will remove:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
}
