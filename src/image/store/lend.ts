/**
 * Lends a consumer an iterator that its owner continues with: leaving a `for await` loop, by
 * `break` or by an error, would otherwise end the iterator for everybody.
 */
export function lend<T>(iterator: AsyncIterator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
