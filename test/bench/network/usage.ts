import { readdir, readFile } from 'node:fs/promises';
import { memoryOf } from '../smaps.js';

/** What processes have cost the host so far. */
export interface Usage {
  processorMs: number;
  /** How often one of their threads has gone to sleep, and so been woken. */
  wakeUps: number;
}

/** Of proc(5), /proc/PID/stat: Linux shows programs a hundred ticks a second on every architecture. */
const TICK_MS = 10;

export async function usageOf(pids: readonly number[]): Promise<Usage> {
  const each = await Promise.all(pids.map(usageOfOne));
  return {
    processorMs: each.reduce((sum, { processorMs }) => sum + processorMs, 0),
    wakeUps: each.reduce((sum, { wakeUps }) => sum + wakeUps, 0),
  };
}

export async function pssKib(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(async (pid) => (await memoryOf(pid)).pssKib));
  return each.reduce((sum, kib) => sum + kib, 0);
}

async function usageOfOne(pid: number): Promise<Usage> {
  const processorMs = processorTime(await readFile(`/proc/${pid}/stat`, 'utf8'));
  const threads = await readdir(`/proc/${pid}/task`);
  const switches = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/status`, 'utf8').then(sleeps)),
  );
  return { processorMs, wakeUps: switches.reduce((sum, count) => sum + count, 0) };
}

/** @param stat `1 (a name) S …`: the name may hold blanks and parentheses */
export function processorTime(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

export function sleeps(status: string): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
}
