import { humanSize } from '../text/size.js';

/** The current state of a download. */
export interface Download {
  bytes: number;
  total: number;
  /** Undefined until enough has been measured. */
  bytesPerSecond: number | undefined;
}

const LARGEST_BAR = 30;
const SMALLEST_BAR = 10;
/** Reserves room for the widest numbers: a bar that grew and shrank with them would be hard to read. */
const NUMBERS_COLUMNS = ' 99.9MB/99.9MB 99.9MB/s 59m59s left'.length;

/**
 * `1a2b3c4d5e6f: Downloading [====>     ] 12.3MB/45MB 5MB/s 7s left`, or as much of it as fits: the bar is
 * dropped first, the numbers last.
 */
export function downloadLine(
  start: string,
  verb: string,
  download: Download,
  columns: number,
): string {
  const { bytes, total, bytesPerSecond: rate } = download;
  const sizes = `${humanSize(bytes)}/${humanSize(total)}`;
  const speed = rate === undefined ? [] : [`${humanSize(rate)}/s`];
  const left = rate === undefined || rate === 0 ? [] : [timeLeft((total - bytes) / rate)];
  const numbers = [sizes, ...speed, ...left].join(' ');
  const word = `${start}${verb}`;
  const full = `${word} ${numbers}${left.length > 0 ? ' left' : ''}`;
  const bar = Math.min(LARGEST_BAR, columns - word.length - 1 - NUMBERS_COLUMNS);
  if (bar >= SMALLEST_BAR) return full.replace(word, `${word} ${drawBar(bytes / total, bar)}`);
  const shorter = [full, `${start}${numbers}`, `${start}${[sizes, ...left].join(' ')}`];
  return shorter.find((line) => line.length <= columns) ?? fit(`${start}${sizes}`, columns);
}

/** @returns the text, cut with `…` when it is longer than `columns` */
export function fit(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}

/** `[=====>    ]`, as Docker draws it. */
function drawBar(part: number, width: number): string {
  const inside = width - 2;
  const done = Math.floor(Math.min(1, part) * inside);
  const head = done < inside ? '>' : '';
  return `[${`${'='.repeat(done)}${head}`.padEnd(inside)}]`;
}

/** `7s`, `1m05s`, `2h05m`: at most six characters below a hundred hours. */
function timeLeft(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  const two = (number: number): string => String(number).padStart(2, '0');
  if (minutes < 60) return `${minutes}m${two(whole % 60)}s`;
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}
