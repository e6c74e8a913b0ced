import { catchSignals, ENDING_SIGNALS } from '../attach/signals.js';
import type { CommandContext } from './context.js';
import { Interrupted } from './interrupted.js';

/**
 * So long after a signal further ones count as the same one: timeout(1) sends its signal to the process and then to
 * its group, and a terminal's Ctrl-C may come from a wrapper as well.
 */
const TOGETHER_MS = 250;

/**
 * Runs what a signal is to end in good order; then the command ends as that signal would have ended it.
 * A later signal ends it at once: who asks a second time will not wait for us to tidy up.
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
  // Done although the signal came: what would come after it is not begun, the next tag of a pull, say.
  stop.signal.throwIfAborted();
  return result;
}

/** Waits for what is going on until it is done or a signal comes. @throws Interrupted */
export async function unlessInterrupted<T>(context: CommandContext, work: Promise<T>): Promise<T> {
  work.catch(() => undefined); // reported below, if it comes first
  return untilSignal(context, (signal) => {
    const interrupted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Interrupted), { once: true });
    });
    return Promise.race([work, interrupted]);
  });
}
