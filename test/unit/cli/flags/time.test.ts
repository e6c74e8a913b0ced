import { describe, expect, it } from 'vitest';
import { parseDurationMs, parseMoment, parseMomentNs } from '../../../../src/cli/flags/time.js';

const NOW = new Date('2026-11-24T12:00:00Z');

describe('parseMoment', () => {
  it.each([
    ['2026-11-24T11:30:00Z', '2026-11-24T11:30:00.000Z'],
    ['2026-11-24T11:30:00.25Z', '2026-11-24T11:30:00.250Z'],
    ['2026-11-24T11:30:00.123456789Z', '2026-11-24T11:30:00.123Z'],
    ['2026-11-24T11:30:00,25Z', '2026-11-24T11:30:00.250Z'],
    ['2026-11-24T11:30:00+02:00', '2026-11-24T09:30:00.000Z'],
    ['2026-11-24T11:30Z', '2026-11-24T11:30:00.000Z'],
    ['2026-11-24Z', '2026-11-24T00:00:00.000Z'],
    ['1795521600', '2026-11-24T12:00:00.000Z'],
    ['1795521600.5', '2026-11-24T12:00:00.500Z'],
    ['42m', '2026-11-24T11:18:00.000Z'],
    ['1h30m', '2026-11-24T10:30:00.000Z'],
    ['1.5s', '2026-11-24T11:59:58.500Z'],
  ])('reads %s', (text, expected) => {
    expect(parseMoment(text, NOW).toISOString()).toBe(expected);
  });

  it('takes a date without a zone for local time', () => {
    expect(parseMoment('2026-11-24T10:00:00', NOW)).toEqual(new Date(2026, 10, 24, 10));
  });

  it.each(['', 'yesterday', '42', '5 m', '2026-13-01T00:00:00Z', '2026-11-24T99:00Z', '-'])(
    '%j is a moment only if it is a number',
    (text) => {
      const read = (): Date => parseMoment(text, NOW);
      if (text === '42') expect(read().getTime()).toBe(42_000);
      else expect(read).toThrow(`invalid time "${text}"`);
    },
  );
});

it('parseDurationMs knows all units of Go', () => {
  expect(parseDurationMs('1h2m3s4ms5us6ns')).toBeCloseTo(3_723_004.005006, 5);
  expect(parseDurationMs('-2s')).toBe(-2000);
  expect(parseDurationMs('2d')).toBeUndefined();
});

it.each([
  ['2026-11-24T11:30:00.123456789Z', '123456789'],
  ['2026-11-24T11:30:00,1234567891Z', '123456789'],
  ['1795521600.000000001', '000000001'],
  ['3ns', '999999997'],
])('parseMomentNs reads %s to the nanosecond', (text, fraction) => {
  expect(String(parseMomentNs(text, NOW)).slice(-9)).toBe(fraction);
});
