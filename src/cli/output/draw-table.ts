import Table from 'cli-table3';
import { isPlain, textWidth } from './text/text-width.js';

/** Docker's tables have no lines; what stands between columns is part of the pitches. */
const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** Private use: a cell with it is not plain, so it is never text of a cell that is drawn as it is. */
const STAND_IN = '\uE000';

/**
 * Lines without blanks at their ends.
 * @param rows cells without controls, none wider than its column
 * @param pitches from the beginning of each column to that of the next
 */
export function drawTable(
  rows: readonly (readonly string[])[],
  pitches: readonly number[],
): string {
  const texts: string[] = [];
  // cli-table3 measures some scripts otherwise than we do, so it gets as many columns of another character.
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
