/**
 * The exec form of a command or a list of paths; undefined for anything else.
 * @throws Error for an array with anything but strings
 */
export function jsonArray(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((item) => typeof item === 'string')) return value;
  throw new Error('an array must hold strings only');
}
