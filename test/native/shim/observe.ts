import { once } from 'node:events';
import { existsSync, readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { ShimHarness } from './shim-harness.js';

export function pssKib(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]);
}

export interface LogRecord {
  timeNs: bigint;
  stream: number;
  data: Buffer;
}

export function logRecords(log: Buffer): LogRecord[] {
  const records: LogRecord[] = [];
  for (let at = 0; at < log.length;) {
    const end = at + 16 + log.readUInt32LE(at + 12);
    if (end > log.length || log.readUIntLE(at + 9, 3) !== 0) throw new Error(`no record at ${at}`);
    records.push({
      timeNs: log.readBigUInt64LE(at),
      stream: log.readUInt8(at + 8),
      data: log.subarray(at + 16, end),
    });
    at = end;
  }
  return records;
}

export const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');

/** Resolves when the shim has removed its socket. */
export async function gone(harness: ShimHarness): Promise<void> {
  const socket = join(harness.directory, 'shim.sock');
  await changed(harness.directory, () => !existsSync(socket));
}

export async function appears(file: string): Promise<void> {
  await changed(join(file, '..'), () => existsSync(file) && statSync(file).size > 0);
}

/** Checks again at each change of a directory, so that no test has to wait a fixed time. */
async function changed(directory: string, isDone: () => boolean): Promise<void> {
  const watcher = watch(directory);
  try {
    while (!isDone()) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}

/** Resolves when a process that is not our child has ended. */
export async function ended(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readStatus(pid)))
    await new Promise((resolve) => setImmediate(resolve));
}

/** Returns the empty string if the process has ended or is ending. */
export function commandOf(pid: number): string {
  return readProc(pid, 'cmdline');
}

function readStatus(pid: number): string {
  return readProc(pid, 'status') || 'State:\tX';
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}
