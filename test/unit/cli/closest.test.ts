import { describe, expect, it } from 'vitest';
import { closest } from '../../../src/cli/closest.js';

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
});
