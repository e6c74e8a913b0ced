import { type LogFile, LogFiles, type LogPosition } from './log-files.js';
import { type LogRecord, readRecords } from './log-record.js';
import { afterStart, findTail, firstOf, type TailStarts } from './log-tail.js';
import { LogWatch } from './log-watch.js';

export type { LogRecord } from './log-record.js';

export interface ReadLogOptions {
  /** Begin with the last `tail` of the present lines. */
  tail?: number;
  /** Omit what was written before (`sinceNs`) or after (`untilNs`) this time in nanoseconds since 1970. */
  sinceNs?: bigint;
  untilNs?: bigint;
  /** Continue with new output until this settles: the box has ended. */
  follow?: Promise<unknown>;
  /** Ends the read without an error. */
  signal?: AbortSignal;
}

const START: TailStarts = {
  stdout: { file: 0, record: 0, skip: 0 },
  stderr: { file: 0, record: 0, skip: 0 },
};

/**
 * The output of a box's command as its shim logged it, in the order written: all that exists at the time of
 * the call, and with `follow` what comes later. A missing log counts as empty; a torn record at the end, left
 * by a power failure, is skipped. If old files are deleted before the reader reaches them, it continues with
 * the oldest one left.
 * @param directory the box's
 * @throws `protocol` for a damaged log, `permission` when it can't be read or watched
 */
export async function* readOutputLog(
  directory: string,
  { tail, sinceNs, untilNs, signal, follow }: ReadLogOptions = {},
): AsyncGenerator<LogRecord, void, undefined> {
  const files = new LogFiles(directory);
  const watch = follow === undefined ? undefined : new LogWatch(directory, endOf(follow, signal));
  try {
    const end = await files.end();
    const starts =
      tail === undefined ? START : await findTail(() => until(files, end, START), tail);
    const content = watch === undefined ? until(files, end, starts) : onwards(files, watch, starts);
    for await (const records of content)
      for (const record of records) {
        if (signal?.aborted === true) return;
        if (untilNs !== undefined && record.timeNs > untilNs) {
          if (watch === undefined) continue;
          return;
        }
        if (sinceNs !== undefined && record.timeNs < sinceNs) continue;
        const wanted = afterStart(record, starts);
        if (wanted !== undefined) yield wanted;
      }
  } finally {
    watch?.close();
  }
}

type Batches = AsyncGenerator<LogRecord[], void, undefined>;

/** The log's content up to `end`. */
async function* until(files: LogFiles, end: LogPosition, starts: TailStarts): Batches {
  const isBefore = ({ file, from }: LogRecord): boolean => file < end.file || from < end.offset;
  let { file: number, record: from } = firstOf(starts);
  for (;;) {
    await using file = await files.open(number);
    if (file === undefined || file.number > end.file) return;
    for await (const records of readRecords(file, file.number === number ? from : 0)) {
      const wanted = records.filter(isBefore);
      yield wanted;
      if (wanted.length < records.length) return;
    }
    [number, from] = [file.number + 1, 0];
  }
}

/** The log's content without an end, until the watch reports one. */
async function* onwards(files: LogFiles, watch: LogWatch, starts: TailStarts): Batches {
  let { file: number, record: from } = firstOf(starts);
  for (;;) {
    await using file = await opened(files, number, watch);
    if (file === undefined) return;
    watch.narrow(file.path);
    let at = file.number === number ? from : 0;
    for (;;) {
      const turn = watch.turn();
      // Checked before the read: if a later file exists, the read returns all that this file will ever have.
      const isFollowed = await files.isFollowed(file.number);
      for await (const records of readRecords(file, at)) {
        yield records;
        at = records.at(-1)?.to ?? at;
      }
      if (isFollowed) break;
      if (turn.last) return;
      await turn.changed;
    }
    [number, from] = [file.number + 1, 0];
  }
}

/** The file with this number or, if it was removed, the next one; waits until there is one. */
async function opened(
  files: LogFiles,
  number: number,
  watch: LogWatch,
): Promise<LogFile | undefined> {
  for (;;) {
    const turn = watch.turn();
    const file = await files.open(number);
    if (file !== undefined || turn.last) return file;
    await turn.changed;
  }
}

/** Settles when the log is complete or the reader aborts. */
function endOf(follow: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) return follow;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return Promise.race([follow, aborted]);
}
