/** The rules of Go's text/template for values, applied to JavaScript's values. */
import { GoScalar, GoStruct } from './go-struct.js';

/** The value of a field that a map lacks; each of its own fields is missing as well. */
export const NO_VALUE = Symbol('no value');

export const isNil = (value: unknown): value is null | undefined | typeof NO_VALUE =>
  value === null || value === undefined || value === NO_VALUE;

/** A map. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date || value instanceof GoStruct || value instanceof GoScalar);

/** The entries of a map, or of a struct by its JSON. */
export function keyed(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value instanceof GoStruct) return value.json;
  return isRecord(value) ? value : undefined;
}

/** The value that a scalar is compared by. */
export const plain = (value: unknown): unknown => (value instanceof GoScalar ? value.value : value);

/** The keys in Go's order for maps. */
export const sortedKeys = (record: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(record).sort();

/** Whether `if` takes its first branch: false, 0, "", nil and empty values do not. */
export function isTrue(value: unknown): boolean {
  if (value === NO_VALUE) return false;
  if (value instanceof GoScalar) return isTrue(value.value);
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** The name of a value's type in messages. */
export function typeName(value: unknown): string {
  if (isNil(value)) return '<nil>';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return '[]interface {}';
  if (value instanceof GoStruct) return 'struct';
  if (value instanceof GoScalar) return typeName(value.value);
  return isRecord(value) ? 'map[string]interface {}' : 'string';
}

/** What `%v` prints: `[a b]`, `map[k:v]`, `{a b}`, `<nil>`. */
export function formatValue(value: unknown): string {
  if (value === NO_VALUE) return '<no value>';
  if (isNil(value)) return '<nil>';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`;
  if (value instanceof GoScalar) return value.text;
  if (value instanceof GoStruct)
    return `{${Object.values(value.fields).map(formatValue).join(' ')}}`;
  if (isRecord(value)) {
    const entries = sortedKeys(value).map((key) => `${key}:${formatValue(value[key])}`);
    return `map[${entries.join(' ')}]`;
  }
  return typeof value === 'function' ? '<func>' : `${value as number | boolean}`;
}

/**
 * Whether a map's values all have one type, as in Go's map[string]string of labels: a missing key is then no
 * error. Other objects have a fixed set of fields.
 */
export const isTypedMap = (record: Readonly<Record<string, unknown>>): boolean =>
  isStringMap(record) || Object.values(record).every((value) => value instanceof GoStruct);

/** Whether a missing key is "" when `index` asks for it. */
export const isStringMap = (record: Readonly<Record<string, unknown>>): boolean =>
  Object.values(record).every((value) => typeof value === 'string');
