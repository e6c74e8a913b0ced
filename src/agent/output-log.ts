import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf, fileError } from '../errors.js';
import { readRecords, type LogRecord } from './log-record.js';
import { afterStart, findTail, type TailStarts } from './log-tail.js';
import { LogWatch } from './log-watch.js';

export type { LogRecord } from './log-record.js';

export interface ReadLogOptions {
  /** A record's `to` from an earlier reading: begin there. Not together with `tail`. */
  offset?: number;
  /** Begin with the last `tail` lines of what is there now. */
  tail?: number;
  /** Leave out what was written before, or after, this time in nanoseconds since 1970. */
  sinceNs?: bigint;
  untilNs?: bigint;
  /** Go on with what is written until this settles: the box has ended. */
  follow?: Promise<unknown>;
  /** Ends the reading without an error. */
  signal?: AbortSignal;
}

const START: TailStarts = {
  stdout: { record: 0, skip: 0 },
  stderr: { record: 0, skip: 0 },
};

/**
 * The output of a box's command as its shim logged it, in the order written. A log that is not there
 * is empty; a torn record at the end, left by a host that lost power, is passed over.
 * @param path the box's `output.log`
 * @throws `protocol` for a damaged log, `permission` when it can't be read or watched
 */
export async function* readOutputLog(
  path: string,
  options: ReadLogOptions = {},
): AsyncGenerator<LogRecord, void, undefined> {
  const { signal, follow } = options;
  const watch = follow === undefined ? undefined : new LogWatch(path, endOf(follow, signal));
  try {
    const file = await openLog(path, watch);
    if (file === null) return;
    try {
      watch?.narrow();
      yield* readFrom(file, watch, options);
    } finally {
      await file.close();
    }
  } finally {
    watch?.close();
  }
}

async function* readFrom(
  file: FileHandle,
  watch: LogWatch | undefined,
  { offset = 0, tail, sinceNs, untilNs, signal }: ReadLogOptions,
): AsyncGenerator<LogRecord, void, undefined> {
  const starts = tail === undefined ? START : (await findTail(file, tail)).starts;
  let at = Math.max(offset, Math.min(starts.stdout.record, starts.stderr.record));
  for (;;) {
    const turn = watch?.turn();
    for await (const records of readRecords(file, at))
      for (const record of records) {
        if (signal?.aborted === true) return;
        at = record.to;
        if (untilNs !== undefined && record.timeNs > untilNs) {
          if (watch === undefined) continue;
          return;
        }
        if (sinceNs !== undefined && record.timeNs < sinceNs) continue;
        const wanted = afterStart(record, starts);
        if (wanted !== undefined) yield wanted;
      }
    if (turn === undefined || turn.last) return;
    await turn.changed;
  }
}

/** Opens the log; while it is followed, waits until there is one. */
async function openLog(path: string, watch: LogWatch | undefined): Promise<FileHandle | null> {
  for (;;) {
    const turn = watch?.turn();
    try {
      return await open(path, constants.O_RDONLY);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fileError(error, `read ${path}`);
    }
    if (turn === undefined || turn.last) return null;
    await turn.changed;
  }
}

/** Settles when the log is complete or nobody wants it any more. */
function endOf(follow: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) return follow;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return Promise.race([follow, aborted]);
}
