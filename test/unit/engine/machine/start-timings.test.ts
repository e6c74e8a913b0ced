import { expect, test } from 'vitest';
import { guestBootDurationMs, startTimings } from '../../../../src/engine/machine/start-timings.js';

test('timings are read as far as they are numbers', () => {
  const stored = {
    prepareMs: 1.5,
    vmmMs: 'x',
    restoreMs: null,
    other: 3,
    guest: { disksMs: 2, x: 1 },
  };
  expect(startTimings(stored)).toEqual({ prepareMs: 1.5, guest: { disksMs: 2 } });
  for (const nothing of [null, undefined, 'x', 3, []])
    expect(startTimings(nothing)).toBeUndefined();
});

test('a boot took what it took, a restore the VMM and the state', () => {
  expect(guestBootDurationMs({ bootMs: 900, vmmMs: 3 })).toBe(900);
  expect(guestBootDurationMs({ vmmMs: 35.3, restoreMs: 10.1 })).toBe(45.4);
  expect(guestBootDurationMs({ restoreMs: 10 })).toBe(10);
  expect(guestBootDurationMs({ prepareMs: 1 })).toBeUndefined();
  expect(guestBootDurationMs(undefined)).toBeUndefined();
});
