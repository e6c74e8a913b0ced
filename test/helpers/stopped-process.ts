import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningCli } from './cli.js';

const LOOK_AGAIN_MS = 10;

/**
 * Resolves when the process has stopped itself (BOXLITE_CRASH_AT=POINT=STOP). Nothing reports that state, so
 * this polls the kernel. Fails with the process' output if it ends instead.
 */
export async function stopsItself({ child, result }: RunningCli): Promise<void> {
  const ended = result.then(({ status, stderr }) => {
    throw new Error(`it ended with ${status} before it stopped: ${stderr}`);
  });
  ended.catch(() => undefined); // reported below, if it ends first
  while (!(await isStopped(child.pid ?? 0))) await Promise.race([delay(LOOK_AGAIN_MS), ended]);
}

/** Whether the state, the third field of /proc/PID/stat (proc(5)), is T. */
export async function isStopped(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
