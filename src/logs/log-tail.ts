import type { LogRecord, LogStream } from './log-record.js';

/** Where a stream's wanted lines begin: a record by its file and offset, and bytes to skip in it. */
export interface TailStart {
  file: number;
  record: number;
  skip: number;
}

export type TailStarts = Record<LogStream, TailStart>;

const NEWLINE = 0x0a;
const NOWHERE: TailStart = { file: Number.POSITIVE_INFINITY, record: 0, skip: 0 };

type Content = AsyncIterable<readonly LogRecord[]>;

/**
 * Finds the last `count` lines. A line belongs to one stream, at the position of its last byte; a stream's
 * unfinished line counts, too. The log is read twice, so memory use does not grow with `count`.
 * @param content opens the whole log; a stream without wanted lines starts at its end
 */
export async function findTail(content: () => Content, count: number): Promise<TailStarts> {
  // Per file, because the oldest may be removed between the two reads.
  const before = new Map<number, number>();
  let total = 0;
  for await (const { file } of linesOf(content())) {
    if (!before.has(file)) before.set(file, total);
    total++;
  }
  const starts: TailStarts = { stdout: NOWHERE, stderr: NOWHERE };
  let [at, inFile] = [0, -1];
  let end: TailStart = { file: 0, record: 0, skip: 0 };
  for await (const { stream, file, start, recordEnd } of linesOf(content())) {
    if (file !== inFile) [at, inFile] = [before.get(file) ?? at, file];
    if (at >= total - count && starts[stream] === NOWHERE) starts[stream] = start;
    at++;
    end = recordEnd;
  }
  return {
    stdout: starts.stdout === NOWHERE ? end : starts.stdout,
    stderr: starts.stderr === NOWHERE ? end : starts.stderr,
  };
}

interface Line {
  stream: LogStream;
  /** Number of the file in which the line ends. */
  file: number;
  start: TailStart;
  /** The position after the record in which it ends. */
  recordEnd: TailStart;
}

async function* linesOf(content: Content): AsyncGenerator<Line, void, undefined> {
  // In order of the last write.
  const unfinished = new Map<LogStream, TailStart>();
  let recordEnd: TailStart = { file: 0, record: 0, skip: 0 };
  for await (const records of content)
    for (const record of records) {
      const { stream, file, data, from } = record;
      recordEnd = { file, record: record.to, skip: 0 };
      const open = unfinished.get(stream);
      let start = open ?? { file, record: from, skip: 0 };
      let at = 0;
      for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, at)) {
        yield { stream, file, start, recordEnd };
        at = end + 1;
        start = { file, record: from, skip: at };
      }
      unfinished.delete(stream);
      if (at < data.length || (at === 0 && open !== undefined)) unfinished.set(stream, start);
    }
  for (const [stream, start] of unfinished)
    yield { stream, file: recordEnd.file, start, recordEnd };
}

/** The earlier of both starts. */
export function firstOf({ stdout, stderr }: TailStarts): TailStart {
  return (stdout.file - stderr.file || stdout.record - stderr.record) < 0 ? stdout : stderr;
}

/** The wanted part of a record, or undefined. */
export function afterStart(record: LogRecord, starts: TailStarts): LogRecord | undefined {
  const start = starts[record.stream];
  const after = record.file - start.file || record.from - start.record;
  if (after > 0) return record;
  if (after < 0) return undefined;
  return start.skip === 0 ? record : { ...record, data: record.data.subarray(start.skip) };
}
