import type { ChildProcess } from 'node:child_process';
import { BoxliteError, limitError } from '../errors.js';

/**
 * Checks a child before its streams are used: Node creates none when the process is out of
 * descriptors.
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
 * Closes our ends of a child's pipes after its time limit: processes that the child started may
 * keep the other ends open indefinitely.
 * @returns a timer to clear once the child's result is there
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
