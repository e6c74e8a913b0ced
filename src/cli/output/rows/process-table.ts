import type { BoxProcess } from '../../../engine/report/processes.js';
import type { PsLayout, PsSort } from '../../flags/ps-options.js';
import { renderTable } from '../table.js';
import { textWidth } from '../text/text-width.js';

/** Docker's columns of `top` are at least 20 wide, with three blanks between them. */
const LEAST_PITCH = 20;
const GAP = 3;

/** Processes as `ps` shows them, in the caller's time zone. */
export async function processTable(
  processes: readonly BoxProcess[],
  { columns, sort }: PsLayout,
  now: Date,
  output: { isTTY?: boolean; columns?: number },
): Promise<string> {
  const headers = columns.map(({ header }) => header);
  const rows = sorted(processes, sort, now).map((process) =>
    columns.map(({ text }) => text(process, now)),
  );
  const table = [headers, ...rows];
  const widths = headers.map((_, i) =>
    Math.max(...table.map((cells) => textWidth(cells[i] ?? ''))),
  );
  const pitches = widths.map((width) => Math.max(width + GAP, LEAST_PITCH));
  const total = pitches.slice(0, -1).reduce((sum, pitch) => sum + pitch, widths.at(-1) ?? 0);
  if (output.isTTY === true && output.columns !== undefined && total > output.columns)
    return renderTable(headers, rows, { isTty: true, width: output.columns });
  const { drawTable } = await import('../draw-table.js');
  return `${drawTable(table, [...pitches.slice(0, -1), widths.at(-1) ?? 0])}\n`;
}

/** Equal processes stay in the order of their PIDs. */
function sorted(
  processes: readonly BoxProcess[],
  keys: readonly PsSort[],
  now: Date,
): BoxProcess[] {
  return [...processes].sort((a, b) => {
    for (const { column, descending } of keys) {
      const [first, second] = [a, b].map((each) => column.number?.(each) ?? column.text(each, now));
      if (first === undefined || second === undefined || first === second) continue;
      return first < second === descending ? 1 : -1;
    }
    return a.pid - b.pid;
  });
}
