import Table from 'cli-table3';
import { isPlain, textWidth } from './text/text-width.js';

/** Docker's tables have no lines; the pitches include the gaps between columns. */
const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** A private-use character: a cell that contains it is not plain, so it never clashes with a plain cell. */
const STAND_IN = '\uE000';

/**
 * Draws lines without trailing blanks.
 * @param rows cells without control characters, none wider than its column
 * @param pitches distance from the start of each column to the start of the next
 */
export function drawTable(
  rows: readonly (readonly string[])[],
  pitches: readonly number[],
): string {
  const texts: string[] = [];
  // cli-table3 measures some scripts differently from us, so it gets a stand-in of our width.
  const measured = (cell: string): string => {
    const width = isPlain(cell) ? 0 : textWidth(cell);
    if (width === 0) return cell;
    texts.push(cell);
    return STAND_IN.repeat(width);
  };
  const table = new Table({
    chars: NO_LINES,
    colWidths: pitches.map((pitch) => Math.max(pitch, 1)),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => row.map(measured)));
  const restored = table.toString().replace(/\uE000+/g, () => texts.shift() ?? '');
  return restored.replace(/ +$/gm, '');
}
