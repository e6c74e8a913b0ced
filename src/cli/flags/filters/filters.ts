import { BoxliteError } from '../../../errors.js';
import { splitPair } from '../key-values.js';

/** For each key, makes a test of an item from one filter value. */
export type FilterTests<T> = Readonly<Record<string, (value: string) => (item: T) => boolean>>;

/** Every requested label must be present; for any other key one matching value is enough. */
const ALL_VALUES = new Set(['label']);

/**
 * `--filter key=value`: values of the same key are alternatives, different keys must all match.
 * @throws BoxliteError for a key that is not in the table, or has no value
 */
export function parseFilters<T>(
  filters: readonly string[],
  tests: FilterTests<T>,
): (item: T) => boolean {
  const byKey = new Map<string, ((item: T) => boolean)[]>();
  for (const text of filters) {
    const [key, value] = splitPair(text);
    const test = Object.hasOwn(tests, key) ? tests[key] : undefined;
    if (test === undefined)
      throw new BoxliteError('invalid-argument', `invalid filter '${key}'`, {
        hint: `filters are ${Object.keys(tests).join(', ')}, each with =VALUE`,
      });
    byKey.set(key, [...(byKey.get(key) ?? []), test(value)]);
  }
  return (item) =>
    [...byKey].every(([key, each]) =>
      ALL_VALUES.has(key) ? each.every((test) => test(item)) : each.some((test) => test(item)),
    );
}

/** Parser of `--filter`. @throws BoxliteError in Docker's words */
export function filterText(text: string): string {
  if (text.includes('=')) return text;
  throw new BoxliteError('invalid-argument', 'bad format of filter (expected name=value)');
}

/** `key` tests whether the label is present, `key=value` also tests its value. */
export function labelTest(value: string): (labels: Readonly<Record<string, string>>) => boolean {
  const [key, wanted] = splitPair(value);
  return (labels) => Object.hasOwn(labels, key) && (!value.includes('=') || labels[key] === wanted);
}

/** What a name or an id is to match: a part of it, or a regular expression (Docker's rule). */
export function filterPattern(key: string, value: string): RegExp {
  try {
    return new RegExp(value);
  } catch {
    throw invalidFilter(key, value, `give a ${key}, a part of one, or a regular expression`);
  }
}

export function invalidFilter(key: string, value: string, hint: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid filter '${key}=${value}'`, { hint });
}
