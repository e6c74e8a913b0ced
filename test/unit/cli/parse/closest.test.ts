import { describe, expect, it } from 'vitest';
import { closest } from '../../../../src/cli/parse/closest.js';

describe('closest', () => {
  it.each([
    ['rnu', 'run'],
    ['rum', 'run'],
    ['isnpect', 'inspect'],
    ['imges', 'images'],
    ['sto', 'stop'],
    ['frobnicate', undefined],
    ['xy', undefined],
    ['', undefined],
  ])('takes %j for %j', (word, expected) => {
    expect(closest(word, ['run', 'inspect', 'images', 'stop'])).toBe(expected);
  });

  it('answers at once for a word of megabytes', () => {
    const before = performance.now();
    expect(closest('x'.repeat(5_000_000), ['run', 'inspect', 'images', 'stop'])).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(200);
  });
});
