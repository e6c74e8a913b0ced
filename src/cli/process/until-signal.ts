import { catchSignals, ENDING_SIGNALS } from '../attach/signals.js';
import type { CommandContext } from './context.js';
import { Interrupted } from './interrupted.js';

/**
 * Signals within this time of the first count as the same one: timeout(1) sends its signal to the process and
 * then to its group, and a terminal's Ctrl-C may also arrive from a wrapper.
 */
const TOGETHER_MS = 250;

/**
 * Runs work that a signal should end cleanly; then the command ends as that signal would have ended it. A
 * later signal ends it at once: a user who asks a second time will not wait for the cleanup.
 * @throws Interrupted
 */
export async function untilSignal<T>(
  context: CommandContext,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let handOver: NodeJS.Timeout | undefined;
  using signals = catchSignals(context.signals, ENDING_SIGNALS, (signal) => {
    if (stop.signal.aborted) return;
    stop.abort(new Interrupted(signal));
    handOver = setTimeout(() => signals[Symbol.dispose](), TOGETHER_MS);
  });
  let result: T;
  try {
    result = await run(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    clearTimeout(handOver);
  }
  // The work finished despite the signal: do not begin the next step, such as the next tag of a pull.
  stop.signal.throwIfAborted();
  return result;
}

/** Waits until the work is done or a signal comes. @throws Interrupted */
export async function unlessInterrupted<T>(context: CommandContext, work: Promise<T>): Promise<T> {
  work.catch(() => undefined); // reported below, if it comes first
  return untilSignal(context, (signal) => {
    const interrupted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Interrupted), { once: true });
    });
    return Promise.race([work, interrupted]);
  });
}
