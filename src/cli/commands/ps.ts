import type { BoxInfo } from '../../engine/box-info.js';
import { defineCommand, flag, list, value } from '../command.js';
import { asksForState, parseBoxFilters } from '../flags/box-filters.js';
import { wholeNumber } from '../flags/number.js';
import { BOX_COLUMNS, BOX_HEADERS, boxRow } from '../output/box-row.js';
import { printList } from '../output/list.js';

export const ps = defineCommand({
  name: 'ps',
  aliases: ['list', 'ls'],
  group: 'boxes',
  summary: 'List boxes',
  description:
    'Those that run, newest first. Filters: id, name, label, exited, status, ancestor, before, since,\n' +
    'volume, publish, health; the same one twice means either, different ones mean both.',
  args: [],
  options: {
    all: flag('All boxes, not only those that run', { short: 'a' }),
    last: value('The last NUMBER boxes created, in any state', 'NUMBER', {
      short: 'n',
      parse: wholeNumber(-1),
    }),
    latest: flag('The last box created, in any state', { short: 'l' }),
    quiet: flag('Only ids', { short: 'q' }),
    'no-trunc': flag('Whole ids and commands'),
    filter: list('Only boxes that match', 'KEY=VALUE', { short: 'f' }),
    format: value("table, json, or a template such as '{{.ID}} {{.Status}}'", 'FORMAT'),
  },
  examples: [
    { command: 'boxlite ps -a', what: 'Those that have ended, too' },
    { command: "boxlite ps --format '{{.Names}}: {{.Status}}'", what: 'Two fields of each' },
    { command: 'boxlite ps -aq --filter status=exited', what: 'Ids, for `boxlite rm`' },
  ],
  async run(context, _args, options) {
    const boxes = await (await context.runtime()).listInfo();
    const matches = parseBoxFilters(options.filter, boxes);
    const last = options.latest ? 1 : (options.last ?? -1);
    const all = options.all || last > 0 || asksForState(options.filter);
    const shown = boxes
      .filter((box) => (all || runs(box)) && matches(box))
      .slice(0, last > 0 ? last : undefined);
    const now = context.now();
    const rows = shown.map((box) => boxRow(box, now, !options['no-trunc']));
    await printList(context, rows, {
      headers: BOX_HEADERS,
      columns: BOX_COLUMNS,
      format: options.format ?? context.settings.psFormat,
      quiet: options.quiet,
      quietField: 'ID',
    });
    return 0;
  },
});

function runs({ status }: BoxInfo): boolean {
  return status === 'running' || status === 'stopping';
}
