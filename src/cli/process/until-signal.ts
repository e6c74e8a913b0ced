import { catchSignals, ENDING_SIGNALS } from '../attach/signals.js';
import type { CommandContext } from './context.js';
import { Interrupted } from './interrupted.js';

/**
 * Runs what a signal is to end in good order; then the command ends as that signal would have ended it.
 * The next signal ends it at once: who asks a second time will not wait for us to tidy up.
 * @throws Interrupted
 */
export async function untilSignal<T>(
  context: CommandContext,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  using signals = catchSignals(context.signals, ENDING_SIGNALS, (signal) => {
    stop.abort(new Interrupted(signal));
    signals[Symbol.dispose]();
  });
  let result: T;
  try {
    result = await run(stop.signal);
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  }
  // Done although the signal came: what would come after it is not begun, the next tag of a pull, say.
  stop.signal.throwIfAborted();
  return result;
}

/** Waits for what is going on until it is done or a signal comes. @throws Interrupted */
export async function unlessInterrupted<T>(context: CommandContext, work: Promise<T>): Promise<T> {
  work.catch(() => undefined); // told below, if it comes first
  return untilSignal(context, (signal) => {
    const interrupted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Interrupted), { once: true });
    });
    return Promise.race([work, interrupted]);
  });
}
