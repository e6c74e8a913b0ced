import { readFile } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';

/** What a process uses of the host. */
export interface ProcessUsage {
  pid: number;
  /** Its private memory plus its share of shared memory, in bytes. */
  pssBytes: number;
  /** All of its resident memory, shared or not, in bytes. */
  rssBytes: number;
  /** User and system time since its start. */
  cpuMs: number;
}

/** Linux's USER_HZ, which is 100 on every architecture that BoxLite runs on. */
const TICK_MS = 10;

/** @returns undefined if the process has ended, or we may not inspect it */
export async function processUsage(pid: number): Promise<ProcessUsage | undefined> {
  try {
    const [stat, memory] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      memoryOf(pid),
    ]);
    return { pid, cpuMs: parseCpuMs(stat), ...memory };
  } catch {
    return undefined;
  }
}

/** A VMM shows its maps to nobody but root and the owner of its namespace; then all of it counts. */
async function memoryOf(pid: number): Promise<Pick<ProcessUsage, 'pssBytes' | 'rssBytes'>> {
  try {
    return parseRollup(await readFile(`/proc/${pid}/smaps_rollup`, 'latin1'));
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    const rssBytes = parseResident(await readFile(`/proc/${pid}/status`, 'latin1'));
    return { pssBytes: rssBytes, rssBytes };
  }
}

/** @param status the text of /proc/PID/status */
export const parseResident = (status: string): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;

/** The name in parentheses may contain anything, so fields are counted from its end. */
export function parseCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

export function parseRollup(text: string): { pssBytes: number; rssBytes: number } {
  const bytes = (key: string): number =>
    Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { pssBytes: bytes('Pss'), rssBytes: bytes('Rss') };
}
