import { filterText } from '../../flags/filters/filters.js';
import { NETWORK_FILTER_KEYS, parseNetworkFilters } from '../../flags/filters/network-filters.js';
import { allNetworks } from '../../network/all-networks.js';
import {
  NETWORK_COLUMNS,
  NETWORK_HEADERS,
  NETWORK_RAW,
  networkRow,
} from '../../output/rows/network-row.js';
import { printList } from '../../output/terminal/list.js';
import { defineCommand, flag, list, value } from '../../parse/command.js';

export const networkLs = defineCommand({
  name: 'network ls',
  aliases: ['network list'],
  group: 'networks',
  summary: 'List networks',
  description:
    'Those that were created, and what boxes have otherwise: bridge (each its own way out) and none.\n' +
    'Filters: dangling, driver, id, label, name, scope, type (builtin or custom).',
  args: [],
  options: {
    quiet: flag('Only ids', { short: 'q' }),
    'no-trunc': flag('Whole ids'),
    filter: list('Only networks that match', 'KEY=VALUE', {
      short: 'f',
      complete: NETWORK_FILTER_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
    format: value("table, json, raw, or a template such as '{{.ID}} {{.Name}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: 'boxlite network ls -q --filter type=custom', what: 'Ids of those created' },
  ],
  async run(context, _args, options) {
    const matches = parseNetworkFilters(options.filter);
    const networks = await allNetworks(await context.runtime());
    const rows = networks
      .filter(matches)
      .map((network) => networkRow(network, !options['no-trunc']));
    await printList(context, rows, {
      headers: NETWORK_HEADERS,
      columns: NETWORK_COLUMNS,
      format: options.format,
      raw: NETWORK_RAW,
      quiet: options.quiet,
      quietField: 'ID',
      whole: options['no-trunc'],
    });
    return 0;
  },
});
