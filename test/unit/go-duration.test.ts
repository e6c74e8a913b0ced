import { expect, it } from 'vitest';
import { goDuration, parseGoDuration } from '../../src/go-duration.js';

const printed: [number, string][] = [
  [0, '0s'],
  [0.5, '500µs'],
  [1, '1ms'],
  [250, '250ms'],
  [1_000, '1s'],
  [1_500, '1.5s'],
  [90_000, '1m30s'],
  [3_600_000, '1h0m0s'],
];
it.each(printed)('%d ms are printed as %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});

const read: [string, number | undefined][] = [
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1h15m30.5s', 4_530_500],
  ['.5s', 500],
  ['100us', 0.1],
  ['100µs', 0.1],
  ['-2s', -2_000],
  ['0', 0],
  ['30', undefined],
  ['s', undefined],
  ['1s ', undefined],
  ['1d', undefined],
  ['', undefined],
];
it.each(read)('"%s" is read as %s ms', (text, ms) => {
  expect(parseGoDuration(text)).toBe(ms);
});
