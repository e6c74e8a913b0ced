import { filterText } from '../../flags/filters/filters.js';
import { parseVolumeFilters, VOLUME_FILTER_KEYS } from '../../flags/filters/volume-filters.js';
import {
  VOLUME_COLUMNS,
  VOLUME_HEADERS,
  VOLUME_RAW,
  volumeRow,
} from '../../output/rows/volume-row.js';
import { printList } from '../../output/terminal/list.js';
import { defineCommand, flag, list, value } from '../../parse/command.js';
import { REFUSED_BY_VOLUME_LS } from '../../parse/refused-flags.js';

export const volumeLs = defineCommand({
  name: 'volume ls',
  aliases: ['volume list'],
  group: 'volumes',
  summary: 'List volumes',
  description:
    'Filters: dangling (no box has it), driver, label, name; labels must all match, of the others one value each.',
  args: [],
  options: {
    ...REFUSED_BY_VOLUME_LS,
    quiet: flag('Only names', { short: 'q' }),
    filter: list('Only volumes that match', 'KEY=VALUE', {
      short: 'f',
      complete: VOLUME_FILTER_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
    format: value("table, json, raw, or a template such as '{{.Name}} {{.Mountpoint}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [{ command: 'boxlite volume ls -q --filter dangling=true', what: 'What no box has' }],
  async run(context, _args, { filter, format, quiet }) {
    const matches = parseVolumeFilters(filter);
    const volumes = await (await context.runtime()).volumes.list();
    const rows = volumes.filter(matches).map((volume) => volumeRow(volume));
    await printList(context, rows, {
      headers: VOLUME_HEADERS,
      columns: VOLUME_COLUMNS,
      format,
      raw: VOLUME_RAW,
      quiet,
      quietField: 'Name',
    });
    return 0;
  },
});
