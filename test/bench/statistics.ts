export interface Summary {
  runs: number;
  medianMs: number;
  lowestMs: number;
  highestMs: number;
}

/** @throws RangeError for no values: a median of nothing would pass for a measurement */
export function summarize(timesMs: readonly number[]): Summary {
  return {
    runs: timesMs.length,
    medianMs: median(timesMs),
    lowestMs: Math.min(...timesMs),
    highestMs: Math.max(...timesMs),
  };
}

/** The middle value, or the mean of the two in the middle. @throws RangeError for no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError('no values');
  return (lower + upper) / 2;
}

/** Medians of each key over several records; a key that only some records have is taken from those. */
export function medianOfEach(records: readonly Record<string, number>[]): Record<string, number> {
  const keys = new Set(records.flatMap((record) => Object.keys(record)));
  return Object.fromEntries(
    [...keys].map((key) => [key, median(records.flatMap((record) => record[key] ?? []))]),
  );
}
