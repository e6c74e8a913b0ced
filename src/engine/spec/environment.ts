import { BoxliteError } from '../../errors.js';

/**
 * Variables by name: `{ LANG: 'C', DEBUG: undefined }`. `undefined` removes a variable that was set before.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Converts both forms to the list form, `NAME=VALUE` or `NAME` alone.
 * @throws invalid-argument for an invalid variable name
 */
export function environmentEntries(env: readonly string[] | Environment): readonly string[] {
  if (isList(env)) return env;
  return Object.entries(env).map(([name, value]) => environmentEntry(name, value));
}

/** @throws invalid-argument for an invalid variable name, and for a NUL byte */
export function environmentEntry(name: string, value: string | undefined): string {
  if (name === '' || name.includes('='))
    throw new BoxliteError('invalid-argument', `"${name}" can't be the name of a variable`);
  return withoutNul(value === undefined ? name : `${name}=${value}`);
}

/** Refuses a NUL byte: the kernel would end the string there. @throws invalid-argument */
export function withoutNul(text: string): string {
  if (!text.includes('\0')) return text;
  throw new BoxliteError('invalid-argument', `${JSON.stringify(text)} holds a NUL byte`);
}

// `Array.isArray` does not narrow a readonly array out of a union.
const isList = (env: readonly string[] | Environment): env is readonly string[] =>
  Array.isArray(env);
