import { withoutActing } from '../../terminal-text.js';
import { fitted, textWidth } from './text/text-width.js';

export interface TableOptions {
  isTty: boolean;
  /** Columns of the terminal, to which cells are shortened; set only for a terminal. */
  width?: number;
  /** Draws without cli-table3, which loads slower than all of `ps` (docs/decisions/0042-cli-tables.md). */
  unloaded?: boolean;
}

const GAP = 3;
const NARROW_GAP = 1;
/** Docker's tables give each column at least this width, including its gap. */
const LEAST_PITCH = 10;
const LEAST_CELL = 3;
const NAMES = new Set(['NAME', 'NAMES']);

/**
 * A plain table: a header line, no borders, each column as wide as its widest cell. Scripts split it by
 * columns, so nothing is shortened unless it goes to a terminal.
 * @param rows as long as the header, or the lines of a template that breaks them
 * @returns lines, each ended by a line break; the header is there even without rows
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
  /** The width of the text in each column. */
  widths: number[];
  /** Distance from the start of each column to the start of the next. */
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
 * The least width of a table with narrow gaps, whose names leave two thirds of the terminal to the other
 * columns.
 * @param readable columns that suffice for a cell
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
 * Shrinks the widest column, one character at a time, until the line fits or nothing can shrink. The names of
 * boxes shrink last, since the user types them next; but they leave two thirds to the other columns.
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

/** Width of a full line; the last column has no gap after it. */
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

/** Pads with blanks up to the next column. */
const padded = (text: string, pitch: number): string =>
  text + ' '.repeat(Math.max(pitch - textWidth(text), 0));

/**
 * Aligns lines of different lengths by the rule of Go's tabwriter: adjacent cells in consecutive lines form a
 * column if another cell follows each of them; a line without such a cell ends the column.
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
 * Image labels and file names are other people's text: an escape sequence in one could rewrite the screen, a
 * line break could forge a row.
 */
export const printable = (cell: string): string =>
  PLAIN.test(cell) ? cell : withoutControls(cell);

/** The common case first: building the other character classes takes longer than a table of plain cells. */
const PLAIN = /^[ -~]*$/;
const withoutControls = (cell: string): string =>
  withoutActing(cell, (c) => (c === '\t' ? ' ' : '\uFFFD'));
