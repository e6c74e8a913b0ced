import { describe, expect, it } from 'vitest';
import { median, medianOfEach, summarize } from '../../bench/statistics.js';

describe('median', () => {
  it.each([
    ['the only value', [7], 7],
    ['the middle of an odd count, in any order', [30, 1, 2], 2],
    ['the mean of the two middle ones of an even count', [1, 10, 2, 4], 3],
    ['numbers in order of size, not of spelling', [9, 10, 100], 10],
  ])('is %s', (_, values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('of nothing is refused', () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it('leaves its input as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('medianOfEach', () => {
  it('takes a key that some records lack from those that have it', () => {
    const records: Record<string, number>[] = [{ a: 1, b: 5 }, { a: 3 }, { a: 2, b: 7 }];
    expect(medianOfEach(records)).toEqual({ a: 2, b: 6 });
  });

  it('keeps the order in which keys first come', () => {
    expect(Object.keys(medianOfEach([{ z: 1 }, { z: 1, a: 1 }]))).toEqual(['z', 'a']);
  });
});

describe('summarize', () => {
  it('counts the runs and names both ends', () => {
    expect(summarize([4, 2, 9])).toEqual({ runs: 3, medianMs: 4, lowestMs: 2, highestMs: 9 });
  });
});
