import type { OutputStream } from './exec-session.js';
import type { LogRecord } from './log-record.js';

/** Where a stream's wanted lines begin: a record by its file and offset, and bytes to skip in it. */
export interface TailStart {
  file: number;
  record: number;
  skip: number;
}

export type TailStarts = Record<OutputStream, TailStart>;

interface Line extends TailStart {
  stream: OutputStream;
}

const NEWLINE = 0x0a;
const NOWHERE: TailStart = { file: Number.POSITIVE_INFINITY, record: 0, skip: 0 };

/**
 * Finds the last `count` lines. A line belongs to one stream and stands where its last byte does; a
 * stream's unfinished line is one too. Keeps `count` positions in memory, never the text.
 * @param content all that is there; a stream without a wanted line begins behind it
 */
export async function findTail(
  content: AsyncIterable<readonly LogRecord[]>,
  count: number,
): Promise<TailStarts> {
  const last = new LastLines(count);
  // The one written to last comes last.
  const unfinished = new Map<OutputStream, TailStart>();
  let end: TailStart = { file: 0, record: 0, skip: 0 };
  for await (const records of content)
    for (const record of records) {
      const start = addLines(last, record, unfinished.get(record.stream));
      unfinished.delete(record.stream);
      if (start !== undefined) unfinished.set(record.stream, start);
      end = { file: record.file, record: record.to, skip: 0 };
    }
  for (const [stream, start] of unfinished) last.add({ stream, ...start });
  return startsOf(last, end);
}

/** The one that comes first. */
export function firstOf({ stdout, stderr }: TailStarts): TailStart {
  return (stdout.file - stderr.file || stdout.record - stderr.record) < 0 ? stdout : stderr;
}

/** The part of a record that is wanted, or undefined. */
export function afterStart(record: LogRecord, starts: TailStarts): LogRecord | undefined {
  const start = starts[record.stream];
  const after = record.file - start.file || record.from - start.record;
  if (after > 0) return record;
  if (after < 0) return undefined;
  return start.skip === 0 ? record : { ...record, data: record.data.subarray(start.skip) };
}

/** Adds the lines that end in `record`; returns where the stream's unfinished line began, if any. */
function addLines(
  last: LastLines,
  { stream, data, file, from }: LogRecord,
  open: TailStart | undefined,
): TailStart | undefined {
  let start = open ?? { file, record: from, skip: 0 };
  let at = 0;
  for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, at)) {
    last.add({ stream, ...start });
    at = end + 1;
    start = { file, record: from, skip: at };
  }
  return at < data.length || (at === 0 && open !== undefined) ? start : undefined;
}

function startsOf(last: LastLines, end: TailStart): TailStarts {
  const starts: TailStarts = { stdout: NOWHERE, stderr: NOWHERE };
  for (const line of last.lines) {
    const { stream, ...start } = line;
    if (starts[stream] === NOWHERE) starts[stream] = start;
  }
  return {
    stdout: starts.stdout === NOWHERE ? end : starts.stdout,
    stderr: starts.stderr === NOWHERE ? end : starts.stderr,
  };
}

/** A ring of the last `count` lines. */
class LastLines {
  readonly #count: number;
  readonly #ring: Line[] = [];
  #next = 0;

  constructor(count: number) {
    this.#count = count;
  }

  add(line: Line): void {
    if (this.#count === 0) return;
    this.#ring[this.#next] = line;
    this.#next = (this.#next + 1) % this.#count;
  }

  /** Oldest first. */
  get lines(): Line[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }
}
