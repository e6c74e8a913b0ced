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
  /** Follow the log until the box ends; default false. */
  follow?: boolean;
  /** Return only this many last lines; default all. */
  tail?: number;
  /**
   * Start at this time, inclusive: a bigint counts nanoseconds since 1970, a Date means its whole
   * millisecond.
   */
  since?: Date | bigint;
  /** End at this time, in the same units. */
  until?: Date | bigint;
  signal?: AbortSignal;
}

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  time: Date;
  /** The time in nanoseconds since 1970, as precise as the log. */
  timeNs: bigint;
  data: Buffer;
}

/** The logged output of a box's command. */
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
  // Following up to a past time only reads what exists.
  const leftMs = untilNs === undefined ? Infinity : Number(untilNs / MILLISECOND) - Date.now();
  using timer = after(leftMs);
  const end =
    follow && leftMs > 0
      ? Promise.race([ended(home.box(id), boxName(record)), timer.over])
      : undefined;
  end?.catch(() => undefined); // awaited below
  const records = readOutputLog(home.box(id), {
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { sinceNs: nanoseconds(since, 0n) }),
    ...(untilNs === undefined ? {} : { untilNs }),
    ...(end === undefined ? {} : { follow: end }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const { stream, timeNs, data } of records)
    yield { stream, time: new Date(Number(timeNs / MILLISECOND)), timeNs, data };
  // If waiting for the box's end failed, the log may be incomplete: report the error.
  if (end) await Promise.race([end, Promise.resolve()]);
}

/** Path of the file being written, once it exists; empty, as in Docker, if nothing is logged. */
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

/** @param more nanoseconds to add to a time of millisecond precision */
const nanoseconds = (time: Date | bigint, more: bigint): bigint =>
  typeof time === 'bigint' ? time : BigInt(time.getTime()) * MILLISECOND + more;

/** Node fires timers with a longer delay at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Never over if the delay exceeds a timer's range. */
function after(ms: number): Disposable & { over: Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    if (ms > 0 && ms <= LONGEST_TIMER_MS) timer = setTimeout(resolve, ms);
  });
  return { over, [Symbol.dispose]: () => clearTimeout(timer) };
}
