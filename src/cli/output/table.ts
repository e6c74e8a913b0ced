import { withoutActing } from '../../terminal-text.js';
import { fitted, textWidth } from './text/text-width.js';

export interface TableOptions {
  isTty: boolean;
  /** Columns of the terminal; cells are shortened to it, and only on a terminal. */
  width?: number;
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
export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const table = [columns, ...rows].map((row) => row.map(printable));
  if (rows.some((row) => row.length !== columns.length)) return printUneven(table);
  const widths = columns.map((_, i) => Math.max(...table.map((row) => textWidth(row[i] ?? ''))));
  const layout = wideLayout(widths);
  if (!options.isTty || options.width === undefined || total(layout) <= options.width)
    return print(table, layout);
  return print(table, narrowLayout(columns, widths, options.width));
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

function print(table: readonly (readonly string[])[], layout: Layout): string {
  return table.map((row) => `${printRow(row, layout)}\n`).join('');
}

function printRow(row: readonly string[], { widths, pitches }: Layout): string {
  return row
    .map((cell, i) => {
      const shown = fitted(cell, widths[i] ?? Infinity);
      return i === row.length - 1 ? shown : padded(shown, pitches[i] ?? 0);
    })
    .join('');
}

/** With blanks up to the next column. */
export const padded = (text: string, pitch: number): string =>
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
