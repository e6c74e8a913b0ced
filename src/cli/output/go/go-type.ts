/**
 * Docker's templates see Go's values, and JSON what is left of them: a list that the JSON shows as null has no
 * items there, a pointer that it leaves out is nil, and a struct has fields of other names. A type says which.
 */
import { GoScalar, GoStruct } from '../template/go-struct.js';

/** A value of Go, made of what the JSON has in its place: undefined where it has nothing. */
export type GoType = (json: unknown) => unknown;

export type Fields = Readonly<Record<string, GoType>>;

/** An empty list whose JSON is null. */
class NilList extends Array<never> {
  toJSON(): null {
    return null;
  }
}

/** The same of a map. */
class NilMap {
  toJSON(): null {
    return null;
  }
}

/** What JSON has as it is, or else Go's zero of its type. */
const scalar =
  (zero: unknown): GoType =>
  (json) =>
    json ?? zero;

export const text = scalar('');
export const number = scalar(0);
export const flag = scalar(false);
/** A pointer to one of these; it may be nil. */
export const pointer = scalar(undefined);

/** @param show how Go prints it */
export const shown =
  (zero: string | number, show: (json: string | number) => string): GoType =>
  (json) => {
    const value = typeof json === 'string' || typeof json === 'number' ? json : zero;
    return new GoScalar(show(value), value);
  };

export const list =
  (of: GoType = scalar(undefined)): GoType =>
  (json) =>
    Array.isArray(json) ? json.map(of) : new NilList();

export const map =
  (of: GoType = scalar(undefined)): GoType =>
  (json) => {
    if (!isObject(json)) return new NilMap();
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, of(value)]));
  };

/**
 * @param fields by Go's names, in the order of their declaration
 * @param keys of the JSON, where they are not Go's names
 */
export const struct =
  (fields: Fields, keys: Readonly<Record<string, string>> = {}): GoType =>
  (json) => {
    const object = isObject(json) ? json : {};
    const values = Object.entries(fields).map(([name, type]) => [
      name,
      type(object[keys[name] ?? name]),
    ]);
    return new GoStruct(Object.fromEntries(values) as Record<string, unknown>, object);
  };

export const pointerTo =
  (type: GoType): GoType =>
  (json) =>
    isObject(json) ? type(json) : undefined;

/** `struct{}`, of which Go's sets are made. */
export const nothing = struct({});

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
