import { readFileSync } from 'node:fs';

/**
 * Whether another process group controls this process' terminal, so that reading the terminal or changing its
 * mode would stop us (SIGTTIN, SIGTTOU). Fields as in proc_pid_stat(5); for a process without a terminal the
 * foreground group is -1.
 */
export function isInBackground(): boolean {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // The program's name comes first, in parentheses, and may contain anything.
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return foreground !== '-1' && foreground !== group;
}
