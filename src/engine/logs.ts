import { ShimClient } from '../agent/client.js';
import { LogFiles } from '../agent/log-files.js';
import { readOutputLog } from '../agent/output-log.js';
import { BoxliteError } from '../errors.js';
import type { Home } from '../home.js';
import type { BoxRecord } from '../store/box-record.js';
import { currentRecord, type EngineContext } from './context.js';
import { logOf } from './log-policy.js';
import { boxName } from './state-error.js';
import { specOf } from './stored-spec.js';

export interface LogOptions {
  /** Go on until the box ends. */
  follow?: boolean;
  /** Only the last so many lines. */
  tail?: number;
  since?: Date;
  until?: Date;
  signal?: AbortSignal;
}

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  time: Date;
  data: Buffer;
}

/** What the command of a box has written, as it was logged. */
export async function* boxLogs(
  context: EngineContext,
  id: string,
  { since, until, tail, signal, follow = false }: LogOptions,
): AsyncGenerator<LogEntry, void, undefined> {
  const { home } = context;
  const record = currentRecord(context, id);
  if (!isKept(record.options))
    throw new BoxliteError('unsupported', 'configured logging driver does not support reading', {
      hint: 'the box was made with --log-driver none, so what it writes is only seen by who is attached',
    });
  const end = follow ? ended(home.box(id), boxName(record)) : undefined;
  end?.catch(() => undefined); // told below
  const records = readOutputLog(home.box(id), {
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { sinceNs: nanoseconds(since) }),
    ...(until === undefined ? {} : { untilNs: nanoseconds(until) }),
    ...(end === undefined ? {} : { follow: end }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const { stream, timeNs, data } of records)
    yield { stream, time: new Date(Number(timeNs / 1_000_000n)), data };
  // Where nobody can tell when the box ends, there may be more to come.
  if (end) await Promise.race([end, Promise.resolve()]);
}

/** Of the file that is written to, once there is one; empty (Docker's word for it) when nothing is kept. */
export async function logPath(home: Home, { id, options }: BoxRecord): Promise<string> {
  return isKept(options) ? await new LogFiles(home.box(id)).lastPath() : '';
}

const isKept = (options: unknown): boolean => logOf(specOf(options)).driver !== 'none';

/** Resolves when the box does not run (any more). */
async function ended(directory: string, name: string): Promise<void> {
  const client = await ShimClient.connect(directory, { name });
  await client?.closed;
}

const nanoseconds = (date: Date): bigint => BigInt(date.getTime()) * 1_000_000n;
