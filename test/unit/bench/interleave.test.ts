import { describe, expect, it } from 'vitest';
import { interleave } from '../../bench/interleave.js';

const order = (counts: Record<string, number>): string =>
  interleave(Object.entries(counts).map(([name, runs]) => ({ name, runs })))
    .map(({ name }) => name)
    .join('');

describe('interleave', () => {
  it('takes each case once a round', () => {
    expect(order({ a: 3, b: 3, c: 3 })).toBe('abcabcabc');
  });

  it('spreads a case with fewer runs over the rounds', () => {
    expect(order({ a: 6, b: 2 })).toBe('aaabaaab');
  });

  it.each([
    [11, 4],
    [7, 3],
    [5, 5],
    [9, 1],
    [4, 0],
  ])('of %i rounds gives a case exactly its %i runs', (rounds, runs) => {
    const letters = order({ a: rounds, b: runs });
    expect([letters.split('a').length - 1, letters.split('b').length - 1]).toEqual([rounds, runs]);
  });

  it('of no cases is empty', () => {
    expect(order({})).toBe('');
  });
});
