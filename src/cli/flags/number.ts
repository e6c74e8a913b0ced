import { BoxliteError } from '../../errors.js';

/** A parser of decimal whole numbers in a range. */
export function wholeNumber(
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
    const range =
      most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new BoxliteError('invalid-argument', `must be a whole number ${range}`);
  };
}

/** A parser of decimal numbers in a range; the fraction has at most nine digits, as in Docker. */
export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\+?(?:\d+\.?\d{0,9}|\.\d{1,9})$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new BoxliteError(
      'invalid-argument',
      `must be a number from ${least} to ${most}, with nine digits after the point at most`,
    );
  };
}

/**
 * The number of last lines that `logs` shows; `all`, a negative or an invalid number mean all, as in Docker.
 */
export function parseTail(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** A parser of one word from a fixed set. */
export function oneOf<const T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new BoxliteError('invalid-argument', `must be one of ${words.join(', ')}`);
  };
}
