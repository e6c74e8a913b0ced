import { expect, test } from 'vitest';
import { humanDuration } from '../../../../../src/cli/output/text/duration.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const YEAR = 365 * DAY;

test.each([
  [-5 * SECOND, 'Less than a second'],
  [0, 'Less than a second'],
  [999, 'Less than a second'],
  [SECOND, '1 second'],
  [1_999, '1 second'],
  [2 * SECOND, '2 seconds'],
  [MINUTE - 1, '59 seconds'],
  [MINUTE, 'About a minute'],
  [2 * MINUTE - 1, 'About a minute'],
  [2 * MINUTE, '2 minutes'],
  [HOUR - 1, '59 minutes'],
  [HOUR, 'About an hour'],
  [90 * MINUTE - 1, 'About an hour'],
  [90 * MINUTE, '2 hours'],
  [47.5 * HOUR - 1, '47 hours'],
  [47.5 * HOUR, '2 days'],
  [3 * DAY - HOUR, '2 days'],
  [3 * DAY, '3 days'],
  [2 * WEEK - HOUR, '13 days'],
  [2 * WEEK, '2 weeks'],
  [60 * DAY - HOUR, '8 weeks'],
  [60 * DAY, '2 months'],
  [2 * YEAR - HOUR, '24 months'],
  [2 * YEAR, '2 years'],
  [10 * YEAR, '10 years'],
])('%d ms are "%s"', (durationMs, expected) => {
  expect(humanDuration(durationMs)).toBe(expected);
});
