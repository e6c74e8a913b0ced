import { BoxliteError } from './errors.js';

/**
 * How a call ends that its caller has given up: with the code `cancelled`, and the signal's reason as its cause.
 * @param what the call was doing, for the message: `start of box web`
 */
export function aborted(signal: AbortSignal, what: string): BoxliteError {
  return new BoxliteError('cancelled', `${what} was cancelled`, { cause: signal.reason });
}

/** @throws cancelled */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw aborted(signal, what);
}

/**
 * Does some work that ends soon after the signal aborts; whatever it fails with then, it was cancelled.
 * @throws cancelled, before the work begins when the signal has aborted already
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(signal, what);
  try {
    return await work();
  } catch (error) {
    throwIfAborted(signal, what);
    throw error;
  }
}

/**
 * Waits for the promise, and no longer than until the signal. What the promise stands for goes on: this is for
 * waiting only, and for work that others share.
 * @throws cancelled
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  if (signal === undefined) return promise;
  promise.catch(() => undefined); // nobody may be left to see it fail
  throwIfAborted(signal, what);
  const { promise: given, reject } = deferred();
  using _listener = onAbort(signal, () => reject(aborted(signal, what)));
  return await Promise.race([promise, given]);
}

/** Calls `listener` when the signal aborts, at once when it has; disposing of it stops listening. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): Disposable {
  if (signal?.aborted === true) listener();
  else signal?.addEventListener('abort', listener, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener('abort', listener) };
}

function deferred(): { promise: Promise<never>; reject: (reason: Error) => void } {
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}
