import { expect, it } from 'vitest';
import { downloadLine, fit } from '../../../../../src/cli/output/rows/layer-line.js';

const MB = 1_000_000;
const download = { bytes: 12.3 * MB, total: 45.6 * MB, bytesPerSecond: 5.1 * MB };

it.each<[columns: number, line: string]>([
  [120, '1a2b3c4d5e6f: Downloading [=======>                    ] 12.3MB/45.6MB 5.1MB/s 7s left'],
  [79, '1a2b3c4d5e6f: Downloading [====>           ] 12.3MB/45.6MB 5.1MB/s 7s left'],
  [60, '1a2b3c4d5e6f: Downloading 12.3MB/45.6MB 5.1MB/s 7s left'],
  [39, '1a2b3c4d5e6f: 12.3MB/45.6MB 5.1MB/s 7s'],
  [35, '1a2b3c4d5e6f: 12.3MB/45.6MB 7s'],
  [20, '1a2b3c4d5e6f: 12.3M…'],
])('at %i columns as much of a download is shown as fits', (columns, line) => {
  expect(downloadLine('1a2b3c4d5e6f: ', 'Downloading', download, columns)).toBe(line);
});

it.each<[what: string, change: Partial<typeof download>, line: string]>([
  ['minutes', { bytesPerSecond: 0.2 * MB }, ': 12.3MB/45.6MB 200kB/s 2m47s'],
  ['hours', { bytesPerSecond: 2000 }, ': 12.3MB/45.6MB 2kB/s 4h37m'],
  ['a line that stands still', { bytesPerSecond: 0 }, ': 12.3MB/45.6MB 0B/s'],
  ['the end', { bytes: 45.6 * MB }, ': 45.6MB/45.6MB 5.1MB/s 0s'],
])('%s are told', (_, change, line) => {
  expect(downloadLine('1a2b3c4d5e6f: ', 'Downloading', { ...download, ...change }, 42)).toBe(
    `1a2b3c4d5e6f${line}`,
  );
});

it('a rate that is not known yet leaves room for the bar', () => {
  const early = { bytes: 0, total: 10, bytesPerSecond: undefined };
  expect(downloadLine('x: ', 'Downloading', early, 79)).toBe(
    'x: Downloading [>                          ] 0B/10B',
  );
});

it('what does not fit is cut', () => {
  expect(fit('abc', 3)).toBe('abc');
  expect(fit('abcd', 3)).toBe('ab…');
});
