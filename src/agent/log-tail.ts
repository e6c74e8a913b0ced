import type { FileHandle } from 'node:fs/promises';
import type { OutputStream } from './exec-session.js';
import { readRecords, type LogRecord } from './log-record.js';

/** Where a stream's wanted lines begin: the record's offset, and bytes to skip in it. */
export interface TailStart {
  record: number;
  skip: number;
}

export type TailStarts = Record<OutputStream, TailStart>;

interface Line extends TailStart {
  stream: OutputStream;
}

const NEWLINE = 0x0a;
const NOWHERE: TailStart = { record: Number.POSITIVE_INFINITY, skip: 0 };

/**
 * Finds the last `count` lines. A line belongs to one stream and stands where its last byte does; a
 * stream's unfinished line is one too. Keeps `count` positions in memory, never the text.
 * @param end where the present content ends; a stream without a wanted line begins there
 */
export async function findTail(
  file: FileHandle,
  count: number,
): Promise<{ starts: TailStarts; end: number }> {
  const last = new LastLines(count);
  // The one written to last comes last.
  const unfinished = new Map<OutputStream, TailStart>();
  let end = 0;
  for await (const records of readRecords(file, 0))
    for (const record of records) {
      const start = addLines(last, record, unfinished.get(record.stream));
      unfinished.delete(record.stream);
      if (start !== undefined) unfinished.set(record.stream, start);
      end = record.to;
    }
  for (const [stream, start] of unfinished) last.add({ stream, ...start });
  return { starts: startsOf(last, { record: end, skip: 0 }), end };
}

/** The part of a record that is wanted, or undefined. */
export function afterStart(record: LogRecord, starts: TailStarts): LogRecord | undefined {
  const start = starts[record.stream];
  if (record.from > start.record) return record;
  if (record.from < start.record) return undefined;
  return start.skip === 0 ? record : { ...record, data: record.data.subarray(start.skip) };
}

/** Adds the lines that end in `record`; returns where the stream's unfinished line began, if any. */
function addLines(
  last: LastLines,
  { stream, data, from }: LogRecord,
  open: TailStart | undefined,
): TailStart | undefined {
  let start = open ?? { record: from, skip: 0 };
  let at = 0;
  for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, at)) {
    last.add({ stream, ...start });
    at = end + 1;
    start = { record: from, skip: at };
  }
  return at < data.length || (at === 0 && open !== undefined) ? start : undefined;
}

function startsOf(last: LastLines, end: TailStart): TailStarts {
  const starts: TailStarts = { stdout: NOWHERE, stderr: NOWHERE };
  for (const line of last.lines) {
    const known = starts[line.stream];
    if (known === NOWHERE) starts[line.stream] = { record: line.record, skip: line.skip };
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
