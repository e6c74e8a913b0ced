import { ShimClient } from '../agent/client.js';
import { readOutputLog } from '../agent/output-log.js';
import type { EngineContext } from './context.js';

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
  { home }: EngineContext,
  id: string,
  { since, until, tail, signal, follow = false }: LogOptions,
): AsyncGenerator<LogEntry, void, undefined> {
  const records = readOutputLog(home.boxFile(id, 'log'), {
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { sinceNs: nanoseconds(since) }),
    ...(until === undefined ? {} : { untilNs: nanoseconds(until) }),
    ...(follow ? { follow: ended(home.box(id)) } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const { stream, timeNs, data } of records)
    yield { stream, time: new Date(Number(timeNs / 1_000_000n)), data };
}

/** Resolves when the box does not run (any more). */
async function ended(directory: string): Promise<void> {
  const client = await ShimClient.connect(directory);
  await client?.closed;
}

const nanoseconds = (date: Date): bigint => BigInt(date.getTime()) * 1_000_000n;
