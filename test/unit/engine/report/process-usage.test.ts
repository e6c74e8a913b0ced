import { expect, test } from 'vitest';
import {
  parseCpuMs,
  parseRollup,
  processUsage,
} from '../../../../src/engine/report/process-usage.js';

test('CPU time is user and system time, whatever the name looks like', () => {
  const rest = 'S 1 2 3 0 -1 4194560 5 6 7 8 150 25 9 9 20 0 1 0 100';
  expect(parseCpuMs(`42 (qemu) ${rest}`)).toBe(1750);
  expect(parseCpuMs(`42 (a) R 1 1 1 1 1 (b) ${rest}`)).toBe(1750);
});

test('memory is read in bytes', () => {
  const text = 'x rollup\nRss:   2048 kB\nPss:    100 kB\nPss_Dirty:   7 kB\n';
  expect(parseRollup(text)).toEqual({ rssBytes: 2_097_152, pssBytes: 102_400 });
});

test('this process uses something; one that is not there nothing', async () => {
  const own = await processUsage(process.pid);
  expect(own?.pssBytes).toBeGreaterThan(2 ** 20);
  expect(own?.rssBytes).toBeGreaterThanOrEqual(own?.pssBytes ?? Infinity);
  expect(own?.cpuMs).toBeGreaterThan(0);
  expect(await processUsage(2 ** 30)).toBeUndefined();
});
