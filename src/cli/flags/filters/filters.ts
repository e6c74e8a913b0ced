import { BoxliteError } from '../../../errors.js';
import { splitPair } from '../key-values.js';

/** A test of one value of one filter. */
export type FilterTests<T> = Readonly<Record<string, (value: string) => (item: T) => boolean>>;

/** Every label that is asked for must be there; of any other key one value is enough. */
const ALL_VALUES = new Set(['label']);

/**
 * `--filter key=value`: the same key twice means either, different keys mean both.
 * @throws BoxliteError for a key that the table lacks, or without a value
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

/** Parser of `--filter`. @throws BoxliteError, as Docker says it */
export function filterText(text: string): string {
  if (text.includes('=')) return text;
  throw new BoxliteError('invalid-argument', 'bad format of filter (expected name=value)');
}

/** `key` asks whether the label is there, `key=value` what it says. */
export function labelTest(value: string): (labels: Readonly<Record<string, string>>) => boolean {
  const [key, wanted] = splitPair(value);
  return (labels) => Object.hasOwn(labels, key) && (!value.includes('=') || labels[key] === wanted);
}

export function invalidFilter(key: string, value: string, hint: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid filter '${key}=${value}'`, { hint });
}
