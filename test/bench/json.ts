export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The numbers in an object and in those within it: `{a: {b: 1}}` gives `{'a.b': 1}`. */
export function flatNumbers(object: Record<string, unknown>, prefix = ''): Record<string, number> {
  const entries = Object.entries(object).flatMap(([key, value]): [string, number][] => {
    if (typeof value === 'number') return [[prefix + key, value]];
    return isRecord(value) ? Object.entries(flatNumbers(value, `${prefix}${key}.`)) : [];
  });
  return Object.fromEntries(entries);
}
