/** Prints the findings of `doctor`. */
import type { CheckResult, CheckStatus } from '../../../engine/setup/doctor/check.js';
import type { DoctorReport } from '../../../engine/setup/doctor/doctor.js';
import { asLines } from '../../../terminal-text.js';
import { advice } from '../../process/remedy.js';
import type { Paint } from '../terminal/paint.js';
import { wrapText } from '../terminal/wrap.js';

export interface Look {
  readonly paint: Paint;
  /** Columns to stay within; Infinity without a terminal. */
  readonly width: number;
}

const MARKS: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok',
  note: 'note',
  warning: 'warning',
  fault: 'FAULT',
  skipped: 'skipped',
};
const MARK_COLUMNS = 8;
const TITLE_COLUMNS = 17;
const NARROW = 60;

/** `ok      QEMU             7.2.22, /usr/bin/…`, with the remedy below it. */
export function checkLines(result: CheckResult, look: Look): string {
  const { title, status, detail } = result;
  const cure = advice(result.cure, result.remedy);
  const { paint, width } = look;
  const colour = {
    note: paint.faint,
    ok: paint.good,
    warning: paint.warning,
    fault: paint.bad,
    skipped: paint.faint,
  };
  const mark = colour[status](MARKS[status].padEnd(MARK_COLUMNS));
  const narrow = width < NARROW;
  const head = mark + (narrow ? title : title.padEnd(TITLE_COLUMNS));
  const indent = ' '.repeat(narrow ? MARK_COLUMNS : MARK_COLUMNS + TITLE_COLUMNS);
  const details = wrapText(asLines(detail), Math.max(width - indent.length, 1));
  const cures =
    cure === undefined
      ? []
      : wrapText(asLines(cure), Math.max(width - indent.length - 3, 1)).map(
          (line, index) => indent + (index === 0 ? paint.code('-> ') : '   ') + line,
        );
  const [first = '', ...more] = details;
  const lines = narrow
    ? [head, ...details.map((line) => indent + line), ...cures]
    : [head + first, ...more.map((line) => indent + line), ...cures];
  return lines.map((line) => `${line}\n`).join('');
}

/** The stages of the start, and the verdict. */
export function stageLines({ ok, box, checks }: DoctorReport, look: Look): string {
  const { paint, width } = look;
  const faults = checks.filter(({ status }) => status === 'fault').length;
  const verdict = ok
    ? paint.good('Boxes run on this machine.')
    : paint.bad(
        `No box runs here yet: ${faults === 1 ? 'one fault' : `${faults} faults`}, see above.`,
      );
  if (box === undefined) return `\n${verdict}\n`;
  const stages = Object.entries(box.stagesMs).map(([stage, ms]) => `${stage} ${ms} ms`);
  const indent = ' '.repeat(MARK_COLUMNS);
  const text = `${box.template ? 'From a template' : 'Cold'}: ${stages.join(', ')}`;
  const lines = wrapText(text, Math.max(Math.min(width, 100) - indent.length, 1));
  return `${lines.map((line) => `${indent}${line}\n`).join('')}\n${verdict}\n`;
}
