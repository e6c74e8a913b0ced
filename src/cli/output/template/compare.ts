import { CallError } from './call-error.js';
import { isNil, plain, typeName } from './values.js';

/** Go's `eq`: compares numbers, strings and booleans only with their own kind; nil equals only nil. */
export function equal(first: unknown, second: unknown): boolean {
  const [a, b] = [plain(first), plain(second)];
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  refuseMixed(a, b);
  return a === b;
}

/** @returns a number below, equal to or above zero, as `first` compares with `second` */
export function compare(first: unknown, second: unknown): number {
  const [a, b] = [plain(first), plain(second)];
  refuseMixed(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new CallError('error calling compare: invalid type for comparison');
}

function refuseMixed(a: unknown, b: unknown): void {
  for (const value of [a, b])
    if (typeof value === 'object') throw new CallError(`non-comparable type ${typeName(value)}`);
  if (typeof a !== typeof b)
    throw new CallError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}
