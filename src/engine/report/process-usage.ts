import { readFile } from 'node:fs/promises';

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
    const [stat, rollup] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/smaps_rollup`, 'latin1'),
    ]);
    return { pid, cpuMs: parseCpuMs(stat), ...parseRollup(rollup) };
  } catch {
    return undefined;
  }
}

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
