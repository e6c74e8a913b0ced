import { readFile } from 'node:fs/promises';

import { errnoOf } from '../errors.js';

/** A process and no later one with its number: pid, start time in clock ticks, and the boot. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
  bootId: string;
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  const startTime = (await startTimeOf(process.pid)) ?? '';
  return { pid: process.pid, startTime, bootId: await readBootId() };
}

/** Whether the very process still runs; a pid alone may have been given to another by now. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (identity.bootId !== (await readBootId())) return false;
  return (await startTimeOf(identity.pid)) === identity.startTime;
}

async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command's name (field 2) may hold spaces and parentheses; what follows its last one is
    // plain. Start time is field 22, so the 20th after it (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
