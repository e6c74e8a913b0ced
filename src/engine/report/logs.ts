import { ShimClient } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { LogFiles } from '../../logs/log-files.js';
import { readOutputLog } from '../../logs/output-log.js';
import type { BoxRecord } from '../../store/box-record.js';
import { logOf } from '../spec/log-policy.js';
import { boxName } from '../spec/names/box-name.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext } from '../state/context.js';

export interface LogOptions {
  /** Go on until the box ends. */
  follow?: boolean;
  /** Only the last so many lines. */
  tail?: number;
  /** From then on; a bigint counts nanoseconds since 1970, a Date means all of its millisecond. */
  since?: Date | bigint;
  /** Up to then, in the same way. */
  until?: Date | bigint;
  signal?: AbortSignal;
}

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  time: Date;
  /** The same in nanoseconds since 1970, as exactly as it was logged. */
  timeNs: bigint;
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
  const untilNs = until === undefined ? undefined : nanoseconds(until, LAST_OF_MILLISECOND);
  // What is to be followed to a time that is past is there already.
  const leftMs = untilNs === undefined ? Infinity : Number(untilNs / MILLISECOND) - Date.now();
  using timer = after(leftMs);
  const end =
    follow && leftMs > 0
      ? Promise.race([ended(home.box(id), boxName(record)), timer.over])
      : undefined;
  end?.catch(() => undefined); // reported below
  const records = readOutputLog(home.box(id), {
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { sinceNs: nanoseconds(since, 0n) }),
    ...(untilNs === undefined ? {} : { untilNs }),
    ...(end === undefined ? {} : { follow: end }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const { stream, timeNs, data } of records)
    yield { stream, time: new Date(Number(timeNs / MILLISECOND)), timeNs, data };
  // Where the end of the box is not known, there may be more to come.
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

const MILLISECOND = 1_000_000n;
const LAST_OF_MILLISECOND = MILLISECOND - 1n;

/** @param more nanoseconds, for a time that is only known to the millisecond */
const nanoseconds = (time: Date | bigint, more: bigint): bigint =>
  typeof time === 'bigint' ? time : BigInt(time.getTime()) * MILLISECOND + more;

/** A timer of Node's fires at once when it is given more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Never over when that is further away than a timer goes. */
function after(ms: number): Disposable & { over: Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    if (ms > 0 && ms <= LONGEST_TIMER_MS) timer = setTimeout(resolve, ms);
  });
  return { over, [Symbol.dispose]: () => clearTimeout(timer) };
}
