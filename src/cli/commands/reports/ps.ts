import type { BoxInfo } from '../../../engine/state/box-info.js';
import { BoxliteError } from '../../../errors.js';
import {
  ancestorsOf,
  asksForState,
  BOX_FILTER_KEYS,
  parseBoxFilters,
} from '../../flags/filters/box-filters.js';
import { filterText } from '../../flags/filters/filters.js';
import { wholeNumber } from '../../flags/number.js';
import {
  BOX_COLUMNS,
  BOX_HEADERS,
  BOX_RAW,
  boxRow,
  boxSizeText,
  NARROWER_BOX_COLUMNS,
} from '../../output/rows/box-row.js';
import { type ListRow, printList } from '../../output/terminal/list.js';
import { defineCommand, flag, list, value } from '../../parse/command.js';
import { type CommandContext, say } from '../../process/context.js';

export const ps = defineCommand({
  name: 'ps',
  aliases: ['list', 'ls'],
  group: 'boxes',
  summary: 'List boxes',
  description:
    'Those that run, newest first. Filters: id, name, label, exited, status, ancestor, before, since,\n' +
    'network, volume, publish, expose, health; the same one twice means either, different ones mean both.',
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
    size: flag('What each takes of the disk, too', { short: 's' }),
    filter: list('Only boxes that match', 'KEY=VALUE', {
      short: 'f',
      complete: BOX_FILTER_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
    format: value("table, json, raw, or a template such as '{{.ID}} {{.Status}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: 'boxlite ps -a', what: 'Those that have ended, too' },
    { command: "boxlite ps --format '{{.Names}}: {{.Status}}'", what: 'Two fields of each' },
    { command: 'boxlite ps -aq --filter status=exited', what: 'Ids, for `boxlite rm`' },
  ],
  async run(context, _args, options) {
    const boxes = await (await context.runtime()).listInfo();
    const ancestors = await imageIds(context, ancestorsOf(options.filter));
    const matches = parseBoxFilters(options.filter, boxes, ancestors);
    const last = options.latest ? 1 : (options.last ?? -1);
    const all = options.all || last > 0 || asksForState(options.filter);
    const shown = boxes
      .filter((box) => (all || runs(box)) && matches(box))
      .slice(0, last > 0 ? last : undefined);
    const now = context.now();
    const rows = shown.map((box) => boxRow(box, now, !options['no-trunc']));
    if (options.quiet && options.format !== undefined)
      say(context, 'WARNING: Ignoring custom format, because both --format and --quiet are set.');
    const wanted = options.format ?? context.settings.psFormat;
    const format = options.quiet && wanted !== 'raw' ? undefined : wanted;
    const sized = options.size || /\.Size\b/.test(format ?? '');
    const withSize = (columns: readonly string[]): readonly string[] =>
      options.size ? [...columns, 'Size'] : columns;
    const view = {
      headers: BOX_HEADERS,
      columns: withSize(BOX_COLUMNS),
      narrower: NARROWER_BOX_COLUMNS.map(withSize),
      format,
      raw: options.size ? { ...BOX_RAW, lines: `${BOX_RAW.lines}size: {{.Size}}\n` } : BOX_RAW,
      quiet: options.quiet,
      quietField: 'ID',
      whole: options['no-trunc'],
    };
    await printList(context, sized ? await withSizes(context, shown, rows) : rows, view, true);
    return 0;
  },
});

/** The ids of the images that exist: an image can have several names, and a box records only one of them. */
async function imageIds(
  context: CommandContext,
  references: readonly string[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const reference of references) {
    const image = await (await context.runtime()).inspectImage(reference).catch(unlessOurs);
    if (image !== undefined) ids.set(reference, image.id);
  }
  return ids;
}

/** A name without an image, or an image that can't be read, is the ancestor of no box (Docker's rule). */
function unlessOurs(error: unknown): undefined {
  if (!(error instanceof BoxliteError)) throw error;
}

/** Sizes are computed only when shown, since that walks through files. */
async function withSizes(
  context: CommandContext,
  boxes: readonly BoxInfo[],
  rows: readonly ListRow[],
): Promise<ListRow[]> {
  const runtime = await context.runtime();
  return await Promise.all(
    rows.map(async (row, index) => {
      const size = await (await runtime.get(boxes[index]?.id ?? ''))?.size();
      return { ...row, Size: boxSizeText(size) };
    }),
  );
}

/** A box that is about to be restarted counts as running (Docker's rule). */
function runs({ status, restarting }: BoxInfo): boolean {
  return status === 'running' || status === 'stopping' || restarting;
}
