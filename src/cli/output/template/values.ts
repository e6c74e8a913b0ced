/** What Go's text/template says of values, said of JavaScript's. */

export const isNil = (value: unknown): value is null | undefined =>
  value === null || value === undefined;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Keys in Go's order for maps. */
export const sortedKeys = (record: Record<string, unknown>): string[] => Object.keys(record).sort();

/** Whether `if` takes its first branch: not for false, 0, "", nil and what is empty. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** A value's type in messages. */
export function typeName(value: unknown): string {
  if (isNil(value)) return '<nil>';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return '[]interface {}';
  return isRecord(value) ? 'map[string]interface {}' : 'string';
}

/** What `%v` prints: `[a b]`, `map[k:v]`, `<nil>`. */
export function formatValue(value: unknown): string {
  if (isNil(value)) return '<nil>';
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`;
  if (isRecord(value)) {
    const entries = sortedKeys(value).map((key) => `${key}:${formatValue(value[key])}`);
    return `map[${entries.join(' ')}]`;
  }
  return typeof value === 'function' ? '<func>' : `${value as number | boolean}`;
}

/**
 * What a map lacks: "" when all its values are strings, as Go's map[string]string gives. Other
 * objects stand for Go's structs, which have a fixed set of fields.
 */
export const isStringMap = (record: Record<string, unknown>): boolean =>
  Object.values(record).every((value) => typeof value === 'string');
