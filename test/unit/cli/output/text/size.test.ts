import { expect, test } from 'vitest';
import { bytesSize, humanSize } from '../../../../../src/cli/output/text/size.js';

test.each([
  [0, '0B'],
  [1, '1B'],
  [999, '999B'],
  [1_000, '1kB'],
  [1_234, '1.23kB'],
  [1_024, '1.02kB'],
  [12_345, '12.3kB'],
  [123_456, '123kB'],
  [999_499, '999kB'],
  [999_999, '1MB'],
  [7_046_000, '7.05MB'],
  [10_737_418_240, '10.7GB'],
  [5.5e12, '5.5TB'],
])('%d bytes are %s in decimal units', (bytes, expected) => {
  expect(humanSize(bytes)).toBe(expected);
});

test('more digits are given when asked', () => {
  expect(humanSize(7_046_000, 4)).toBe('7.046MB');
});

test.each([
  [0, '0B'],
  [1_023, '1023B'],
  [1_024, '1KiB'],
  [1_536, '1.5KiB'],
  [5_902_434, '5.629MiB'],
  [536_870_912, '512MiB'],
  [1_048_575, '1MiB'],
  [2 ** 31, '2GiB'],
  [2 ** 40, '1TiB'],
])('%d bytes are %s in binary units', (bytes, expected) => {
  expect(bytesSize(bytes)).toBe(expected);
});
