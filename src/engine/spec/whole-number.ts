import { BoxliteError } from '../../errors.js';

/** @throws invalid-argument for a value that is not a whole number in the range */
export function inRange(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BoxliteError(
    'invalid-argument',
    `${what} must be a whole number from ${least} to ${most}, not ${value}`,
  );
}
