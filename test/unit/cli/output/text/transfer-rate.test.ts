import { expect, it } from 'vitest';
import { TransferRate } from '../../../../../src/cli/output/text/transfer-rate.js';

const at = (ms: number): Date => new Date(1_000_000 + ms);

it('is unknown for the first half second', () => {
  const rate = new TransferRate();
  expect(rate.bytesPerSecond(at(0))).toBeUndefined();
  rate.add(1000, at(0));
  rate.add(2000, at(400));
  expect(rate.bytesPerSecond(at(400))).toBeUndefined();
});

it('does not count what an earlier run had brought', () => {
  const rate = new TransferRate();
  rate.add(1_000_000, at(0));
  rate.add(1_001_000, at(1000));
  expect(rate.bytesPerSecond(at(1000))).toBe(1000);
});

it('is that of the last five seconds', () => {
  const rate = new TransferRate();
  let bytes = 0;
  for (let ms = 0; ms <= 10_000; ms += 250) rate.add((bytes += 1000), at(ms));
  for (let ms = 10_250; ms <= 20_000; ms += 250) rate.add((bytes += 25), at(ms));
  expect(rate.bytesPerSecond(at(20_000))).toBeCloseTo(100);
});

it('falls when nothing comes any more', () => {
  const rate = new TransferRate();
  rate.add(0, at(0));
  rate.add(1000, at(1000));
  expect(rate.bytesPerSecond(at(4000))).toBe(250);
});
