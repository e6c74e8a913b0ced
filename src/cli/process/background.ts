import { readFileSync } from 'node:fs';

/**
 * Whether another process group has this process' terminal, so that a read of the terminal or a change of its
 * mode would stop us (SIGTTIN, SIGTTOU). Fields as in proc_pid_stat(5); a process without a terminal has -1 for
 * the foreground group.
 */
export function isInBackground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // The program's name comes before, in parentheses, and may contain anything.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return foreground !== '-1' && foreground !== group;
}
