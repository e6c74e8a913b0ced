import { BoxliteError } from './errors.js';

/**
 * The error of a call that its caller aborted: code `cancelled`, with the signal's reason as its cause.
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
 * Does work that ends soon after the signal aborts. Whatever error it ends with then, it counts as cancelled.
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
 * Waits for the promise until the signal aborts. The work behind the promise goes on: use this for mere
 * waiting, and for work that others share.
 * @throws cancelled
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  if (signal === undefined) return promise;
  promise.catch(() => undefined); // nobody may handle its rejection
  throwIfAborted(signal, what);
  const { promise: given, reject } = deferred();
  using _listener = onAbort(signal, () => reject(aborted(signal, what)));
  return await Promise.race([promise, given]);
}

/**
 * Calls `listener` when the signal aborts, at once if it has aborted already; disposing of the result stops
 * listening.
 */
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
