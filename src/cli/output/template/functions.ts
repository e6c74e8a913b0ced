import { CallError } from './call-error.js';
import { compare, equal } from './compare.js';
import { printf } from './printf.js';
import {
  formatValue,
  isNil,
  isStringMap,
  isTrue,
  keyed,
  plain,
  sortedKeys,
  typeName,
} from './values.js';

export const isFunction = (name: string): boolean => FUNCTIONS.has(name) || isLazy(name);

/** `and` and `or` stop at the argument that decides; the evaluator handles them. */
export const isLazy = (name: string): boolean => name === 'and' || name === 'or';

/**
 * @param inHeader a function that would change a column's name returns it unchanged (Docker's rule)
 * @throws CallError
 */
export function callFunction(name: string, args: readonly unknown[], inHeader = false): unknown {
  const entry = (inHeader ? HEADER_FUNCTIONS.get(name) : undefined) ?? FUNCTIONS.get(name);
  if (entry === undefined) throw new CallError(`function "${name}" not defined`);
  const [least, most, call] = entry;
  if (args.length < least || args.length > most) {
    const want = most === Infinity ? `at least ${least}` : String(least);
    throw new CallError(`wrong number of args for ${name}: want ${want} got ${args.length}`);
  }
  return call(args);
}

type Entry = readonly [least: number, most: number, call: (args: readonly unknown[]) => unknown];

/** Go's own functions, then Docker's. */
const FUNCTIONS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['not', [1, 1, ([value]) => !isTrue(value)]],
  ['len', [1, 1, ([value]) => length(value)]],
  ['index', [1, Infinity, ([value, ...keys]) => keys.reduce(index, value)]],
  ['slice', [1, 3, ([value, from, to]) => slice(value, from, to)]],
  ['print', [0, Infinity, print]],
  ['println', [0, Infinity, (args) => `${args.map(formatValue).join(' ')}\n`]],
  ['printf', [1, Infinity, ([format, ...args]) => printf(string(format), args)]],
  ['eq', [2, Infinity, ([first, ...others]) => others.some((other) => equal(first, other))]],
  ['ne', [2, 2, ([a, b]) => !equal(a, b)]],
  ['lt', [2, 2, ([a, b]) => compare(a, b) < 0]],
  ['le', [2, 2, ([a, b]) => compare(a, b) <= 0]],
  ['gt', [2, 2, ([a, b]) => compare(a, b) > 0]],
  ['ge', [2, 2, ([a, b]) => compare(a, b) >= 0]],

  ['json', [1, 1, ([value]) => toJson(value)]],
  ['join', [2, 2, ([list, separator]) => items(list).join(string(separator))]],
  ['split', [2, 2, ([text, separator]) => string(text).split(string(separator))]],
  ['lower', [1, 1, ([text]) => string(text).toLowerCase()]],
  ['upper', [1, 1, ([text]) => string(text).toUpperCase()]],
  ['title', [1, 1, ([text]) => title(string(text))]],
  ['pad', [3, 3, ([text, ...sides]) => pad(string(text), ...blanks(sides))]],
  ['truncate', [2, 2, ([text, most]) => Array.from(string(text)).slice(0, count(most)).join('')]],
]);

/** `pad` is not among them, because it keeps the header above its column. */
const HEADER_FUNCTIONS: ReadonlyMap<string, Entry> = new Map<string, Entry>(
  ['json', 'lower', 'upper', 'title', 'join', 'split', 'truncate'].map((name) => {
    const [least = 1, most = 1] = FUNCTIONS.get(name) ?? [];
    return [name, [least, most, ([text]) => string(text)]];
  }),
);

/** Counts bytes in a string, as Go does. */
function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  const record = keyed(value);
  if (record !== undefined) return Object.keys(record).length;
  throw new CallError(`error calling len: len of type ${typeName(value)}`);
}

function index(collection: unknown, key: unknown): unknown {
  if (Array.isArray(collection)) {
    if (typeof key !== 'number' || !Number.isInteger(key))
      throw new CallError(
        `error calling index: cannot index slice/array with type ${typeName(key)}`,
      );
    if (key < 0 || key >= collection.length)
      throw new CallError(`error calling index: index out of range: ${key}`);
    return collection[key];
  }
  const record = keyed(collection);
  if (record !== undefined) {
    if (typeof key !== 'string')
      throw new CallError(`error calling index: value has type ${typeName(key)}; should be string`);
    if (Object.hasOwn(record, key)) return record[key];
    return isStringMap(record) ? '' : undefined;
  }
  if (isNil(collection)) throw new CallError('error calling index: index of untyped nil');
  throw new CallError(`error calling index: can't index item of type ${typeName(collection)}`);
}

function slice(value: unknown, from: unknown, to: unknown): unknown {
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new CallError(`error calling slice: can't slice item of type ${typeName(value)}`);
  const start = from === undefined ? 0 : count(from);
  const end = to === undefined ? value.length : count(to);
  if (start > end || end > value.length)
    throw new CallError(`error calling slice: index out of range: ${end}`);
  return value.slice(start, end);
}

/** Puts a space between two operands when neither is a string, as Go's fmt.Sprint does. */
function print(args: readonly unknown[]): string {
  return args.reduce<string>((text, arg, i) => {
    const isApart = i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string';
    return `${text}${isApart ? ' ' : ''}${formatValue(arg)}`;
  }, '');
}

/** Escapes line and paragraph separators as Go does, for readers that treat JSON as JavaScript. */
function toJson(value: unknown): string {
  // Undefined for a value that JSON lacks, although its type does not say so.
  const text = JSON.stringify(value) as string | undefined;
  return (text ?? 'null').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

const title = (text: string): string =>
  text.replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (letter) => letter.toUpperCase());

/** The widths that `pad` adds before and after a text; limited, so that a template can't exhaust memory. */
function blanks([before, after]: readonly unknown[]): [before: number, after: number] {
  const counts: [number, number] = [count(before), count(after)];
  if (Math.max(...counts) > MOST_BLANKS)
    throw new CallError(`error calling pad: more than ${MOST_BLANKS} blanks`);
  return counts;
}

const MOST_BLANKS = 1_000_000;

const pad = (text: string, before: number, after: number): string =>
  text === '' ? '' : ' '.repeat(before) + text + ' '.repeat(after);

function string(given: unknown): string {
  const value = plain(given);
  if (typeof value === 'string') return value;
  throw new CallError(`wrong type for value; expected string; got ${typeName(value)}`);
}

function count(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new CallError(`wrong type for value; expected a count; got ${formatValue(value)}`);
}

/** The items that `join` joins: those of a list, or a map's values in their own order. */
function items(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(formatValue);
  if (isNil(value)) return [];
  const record = keyed(value);
  if (record !== undefined)
    return sortedKeys(record)
      .map((key) => formatValue(record[key]))
      .sort();
  throw new CallError(`error calling join: expected slice, got ${typeName(value)}`);
}
