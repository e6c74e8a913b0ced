import type { ChildProcess } from 'node:child_process';
import { BoxliteError, limitError } from '../errors.js';

/**
 * To be asked of a child before its streams are used: Node makes none where the process has no descriptors left.
 * @throws host-limit
 */
export function checkStreams(child: ChildProcess, program: string): void {
  if ((child as Partial<ChildProcess>).stdio !== undefined) return;
  child.on('error', () => undefined);
  throw (
    limitError(undefined, `run ${program}`, 'EMFILE') ?? new BoxliteError('host-limit', program)
  );
}

/**
 * Closes our ends of a child's pipes after its time limit: what the child itself has started may hold the others
 * open for as long as it likes.
 * @returns a timer to clear when the child's result is there
 */
export function closeStreamsAfter(
  { stdout, stderr }: Pick<ChildProcess, 'stdout' | 'stderr'>,
  timeoutMs: number,
): NodeJS.Timeout {
  return setTimeout(() => {
    stdout?.destroy();
    stderr?.destroy();
  }, timeoutMs);
}
