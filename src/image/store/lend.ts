/**
 * Lets a consumer read from an iterator that its owner goes on with: leaving a `for await` loop, by
 * `break` or by an error, would otherwise end the iterator for everybody.
 */
export function lend<T>(iterator: AsyncIterator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
