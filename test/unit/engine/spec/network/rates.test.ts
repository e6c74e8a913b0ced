import { expect, test } from 'vitest';
import { changedNetRates, settleNetRates } from '../../../../../src/engine/spec/network/rates.js';

test('a cap is kept, and none is not', () => {
  expect(settleNetRates({}, true)).toEqual({});
  expect(settleNetRates({ netTxBytesPerSecond: 0, netRxBytesPerSecond: 0 }, false)).toEqual({});
  expect(settleNetRates({ netTxBytesPerSecond: 8_000 }, true)).toEqual({
    netTxBytesPerSecond: 8_000,
  });
  expect(settleNetRates({ netRxBytesPerSecond: 12_500_000_000 }, true)).toEqual({
    netRxBytesPerSecond: 12_500_000_000,
  });
});

test.each([7_999, -1, 12_500_000_001, 1e6 + 0.5, Number.NaN, Infinity])(
  'a cap of %d bytes per second is refused',
  (rate) => {
    for (const name of ['netTxBytesPerSecond', 'netRxBytesPerSecond'])
      expect(() => settleNetRates({ [name]: rate }, true)).toThrow(/64kbit to 100gbit, .* not /);
  },
);

test('a box without a network has nothing to cap', () => {
  expect(() => settleNetRates({ netRxBytesPerSecond: 8_000 }, false)).toThrow(
    'a box without a network sends nothing to cap',
  );
  expect(() => changedNetRates({ network: false }, { netTxBytesPerSecond: 0 }, 'web')).toThrow(
    'box web has no network, so there is nothing to cap',
  );
  expect(changedNetRates({ network: false }, {}, 'web')).toEqual({});
});

test('a change leaves the other direction, and 0 takes a cap off', () => {
  const spec = { network: true, netTxBytesPerSecond: 8_000, netRxBytesPerSecond: 9_000 };
  expect(changedNetRates(spec, {}, 'web')).toEqual({
    netTxBytesPerSecond: 8_000,
    netRxBytesPerSecond: 9_000,
  });
  expect(changedNetRates(spec, { netTxBytesPerSecond: 0 }, 'web')).toEqual({
    netRxBytesPerSecond: 9_000,
  });
  expect(changedNetRates(spec, { netRxBytesPerSecond: 10_000 }, 'web')).toEqual({
    netTxBytesPerSecond: 8_000,
    netRxBytesPerSecond: 10_000,
  });
});
