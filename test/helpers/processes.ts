import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

export interface FoundProcess {
  pid: number;
  /** Its arguments, joined by spaces. */
  command: string;
}

/**
 * Processes that use a directory: by their arguments, their working directory or a file they have open in it.
 * A VMM's arguments do not name its home, but it has its disks open.
 */
export async function processesOf(directory: string): Promise<FoundProcess[]> {
  const found: FoundProcess[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const [command, links] = await Promise.all([commandOf(pid), linksOf(pid)]);
    // It has already released its memory, and is about to close its files.
    if (command === '') continue;
    if (command.includes(directory) || links.some((link) => isWithin(link, directory)))
      found.push({ pid, command });
  }
  return found;
}

/** Tells the shim and the VMM from a home's other processes. */
export function programOf({ command }: FoundProcess): string {
  return basename(command.split(' ')[0] ?? '');
}

/** Kills a process at once; one that has already ended is no error. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Kills a process at once and resolves when it has ended, which is later than the signal. */
export async function killAndWait(pid: number): Promise<void> {
  killProcess(pid);
  while ((await commandOf(pid)) !== '') await turn();
}

/** Empty for a process that has gone, is a zombie, or may not be inspected. */
async function commandOf(pid: number): Promise<string> {
  const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return raw.split('\0').join(' ').trim();
}

async function linksOf(pid: number): Promise<string[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const paths = [`/proc/${pid}/cwd`, ...fds.map((fd) => `/proc/${pid}/fd/${fd}`)];
  return Promise.all(paths.map((path) => readlink(path).catch(() => '')));
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
