/**
 * Runs `work` on every item, at most `limit` at once. The first failure aborts the others through
 * their signal, and is thrown when all of them have ended.
 */
export async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  outer: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const inner = new AbortController();
  const signal = outer === undefined ? inner.signal : AbortSignal.any([outer, inner.signal]);
  const queue = items.values();
  const failures: unknown[] = [];
  const runner = async (): Promise<void> => {
    for (const item of queue) {
      if (signal.aborted) return;
      try {
        await work(item, signal);
      } catch (error) {
        failures.push(error);
        inner.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, runner));
  if (failures.length > 0) throw failures[0];
}
