/**
 * Docker's templates see Go's values, but the JSON has lost part of them: a list that is null in the JSON is
 * an empty list in Go, an omitted pointer is nil, and a struct's fields have other names. A `GoType` restores
 * the Go value.
 */
import { GoScalar, GoStruct } from '../template/go-struct.js';

/** Makes Go's value from the JSON value in its place; undefined if the JSON has none. */
export type GoType = (json: unknown) => unknown;

export type Fields = Readonly<Record<string, GoType>>;

/** An empty list whose JSON is null. */
class NilList extends Array<never> {
  toJSON(): null {
    return null;
  }
}

/** Like `NilList`, for a map. */
class NilMap {
  toJSON(): null {
    return null;
  }
}

/** The JSON value unchanged, or Go's zero value of the type. */
const scalar =
  (zero: unknown): GoType =>
  (json) =>
    json ?? zero;

export const text = scalar('');
export const number = scalar(0);
export const flag = scalar(false);
/** A pointer to a scalar; it may be nil. */
export const pointer = scalar(undefined);

/** @param show prints the value as Go does */
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
 * @param keys the JSON's keys where they differ from Go's names
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

/** `struct{}`, the values in Go's sets. */
export const nothing = struct({});

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
