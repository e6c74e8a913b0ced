import { withoutActing } from '../../terminal-text.js';
import { fitted, textWidth } from './text/text-width.js';

export interface TableOptions {
  isTty: boolean;
  /** Columns of the terminal; cells are shortened to it, and only on a terminal. */
  width?: number;
  /** Without cli-table3, which takes more time to load than `ps` has (docs/decisions/0042-cli-tables.md). */
  unloaded?: boolean;
}

const GAP = 3;
const NARROW_GAP = 1;
/** Docker's tables give each column at least this, its gap included. */
const LEAST_PITCH = 10;
const LEAST_CELL = 3;
const NAMES = new Set(['NAME', 'NAMES']);

/**
 * A plain table: a header line, no borders, each column as wide as its widest cell. Scripts cut it by
 * columns, so away from a terminal nothing is ever shortened.
 * @param rows as long as the header, or the lines of a template that breaks them
 * @returns lines, each ended by a line break; the header also when there are no rows
 */
export async function renderTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): Promise<string> {
  const table = [columns, ...rows].map((row) => row.map(printable));
  if (rows.some((row) => row.length !== columns.length)) return printUneven(table);
  const widths = columns.map((_, i) => Math.max(...table.map((row) => textWidth(row[i] ?? ''))));
  const layout = wideLayout(widths);
  if (!options.isTty || options.width === undefined || total(layout) <= options.width)
    return print(table, layout, options);
  return print(table, narrowLayout(columns, widths, options.width), options);
}

interface Layout {
  /** Of the text in each column. */
  widths: number[];
  /** From the beginning of each column to that of the next. */
  pitches: number[];
}

function wideLayout(widths: readonly number[]): Layout {
  return {
    widths: [...widths],
    pitches: widths.map(pitchOf),
  };
}

const pitchOf = (width: number): number => Math.max(width + GAP, LEAST_PITCH);

/**
 * What a table takes where columns stand close and names leave two thirds to the others.
 * @param readable columns that are enough for a cell
 */
export function leastWidth(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  available: number,
  readable: number,
): number {
  const widths = columns.map((title, i) => {
    const width = Math.max(...[title, ...rows.map((row) => row[i] ?? '')].map(textWidth));
    return Math.min(width, NAMES.has(title) ? leastName(available) : readable);
  });
  return widths.reduce((sum, width) => sum + width, 0) + NARROW_GAP * (columns.length - 1);
}

const leastName = (available: number): number => Math.max(Math.floor(available / 3), LEAST_CELL);

/**
 * Takes from the widest column, one by one, until the line fits or nothing is left to take. The names of
 * boxes come last, as they are what is typed next; but they leave two thirds to the others.
 */
function narrowLayout(
  columns: readonly string[],
  widths: readonly number[],
  available: number,
): Layout {
  const wanted = [...widths];
  const gap = total(spaced(wanted, GAP)) <= available ? GAP : NARROW_GAP;
  const readable = columns.map(() => LEAST_CELL);
  const named = columns.map((title) => (NAMES.has(title) ? leastName(available) : LEAST_CELL));
  for (const least of [named, readable])
    while (total(spaced(wanted, gap)) > available) {
      const givers = wanted.map((width, i) => (width > (least[i] ?? 0) ? width : 0));
      const widest = Math.max(...givers);
      if (widest === 0) break;
      wanted[givers.lastIndexOf(widest)] = widest - 1;
    }
  return spaced(wanted, gap);
}

const spaced = (widths: number[], gap: number): Layout => ({
  widths,
  pitches: widths.map((width) => width + gap),
});

/** Of a full line; the last column has nothing after it. */
function total({ widths, pitches }: Layout): number {
  const before = pitches.slice(0, -1).reduce((sum, pitch) => sum + pitch, 0);
  return before + (widths.at(-1) ?? 0);
}

async function print(
  table: readonly (readonly string[])[],
  { widths, pitches }: Layout,
  { unloaded }: TableOptions,
): Promise<string> {
  const shown = table.map((row) => row.map((cell, i) => fitted(cell, widths[i] ?? Infinity)));
  if (unloaded === true) return shown.map((row) => `${aligned(row, pitches)}\n`).join('');
  const { drawTable } = await import('./draw-table.js');
  return `${drawTable(shown, [...pitches.slice(0, -1), widths.at(-1) ?? 0])}\n`;
}

function aligned(row: readonly string[], pitches: readonly number[]): string {
  return row
    .map((cell, i) => padded(cell, pitches[i] ?? 0))
    .join('')
    .replace(/ +$/, '');
}

/** With blanks up to the next column. */
const padded = (text: string, pitch: number): string =>
  text + ' '.repeat(Math.max(pitch - textWidth(text), 0));

/**
 * Lines of different lengths, by the rule of Go's tabwriter: cells below one another that something follows are
 * a column, and a line that has none there ends it.
 */
function printUneven(lines: readonly (readonly string[])[]): string {
  const text = lines.map(() => '');
  const longest = Math.max(...lines.map((line) => line.length));
  for (let column = 0; column < longest; column++)
    for (let first = 0; first < lines.length;) {
      const isFollowed = (line: readonly string[] | undefined): boolean =>
        line !== undefined && line.length > column + 1;
      let end = first + 1;
      if (isFollowed(lines[first])) while (isFollowed(lines[end])) end++;
      const cells = lines.slice(first, end).map((line) => line[column] ?? '');
      const pitch = pitchOf(Math.max(...cells.map(textWidth)));
      cells.forEach((cell, i) => {
        const at = first + i;
        text[at] = (text[at] ?? '') + (isFollowed(lines[at]) ? padded(cell, pitch) : cell);
      });
      first = end;
    }
  return text.map((line) => `${line}\n`).join('');
}

/**
 * Image labels and names of files are other people's text: an escape sequence in one could rewrite
 * the screen, a line break could forge a row.
 */
export const printable = (cell: string): string =>
  PLAIN.test(cell) ? cell : withoutControls(cell);

/** Looked for first: to make the classes of the other takes longer than a table of such cells. */
const PLAIN = /^[ -~]*$/;
const withoutControls = (cell: string): string =>
  withoutActing(cell, (c) => (c === '\t' ? ' ' : '\uFFFD'));
