import type { ChildProcess } from 'node:child_process';
import { onAbort } from '../abort.js';
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
 * Closes our ends of a child's pipes when its time is up or the signal aborts, which also kill the
 * child: processes that it started may keep the other ends open indefinitely.
 * @returns to dispose of once the child's result is there
 */
export function closeStreamsWhenKilled(
  { stdout, stderr }: Pick<ChildProcess, 'stdout' | 'stderr'>,
  { timeoutMs, signal }: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
): Disposable {
  const close = (): void => {
    stdout?.destroy();
    stderr?.destroy();
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(close, timeoutMs);
  const listener = onAbort(signal, close);
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      listener[Symbol.dispose]();
    },
  };
}
