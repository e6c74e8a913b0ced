import { BoxliteError } from '../errors.js';

/**
 * Reads JSON that came from outside. Each getter returns a checked type or throws `image-corrupt`
 * with the document and the path of the field. `null` counts as absent, as Go programs write it.
 */
export class JsonReader {
  private constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    /** What the document is and where in it we are: `manifest of alpine:3.20, layers[2]`. */
    readonly where: string,
  ) {}

  /** @param what names the document in messages */
  static parse(bytes: Uint8Array, what: string): JsonReader {
    return JsonReader.of(parseJson(bytes, what), what);
  }

  /** A document whose top is an array of objects (docker save's manifest.json). */
  static parseArray(bytes: Uint8Array, what: string): JsonReader[] {
    const value = parseJson(bytes, what);
    if (!Array.isArray(value)) throw corrupt(what, 'must be an array');
    return value.map((item: unknown, index) => JsonReader.of(item, `${what}[${index}]`));
  }

  static of(value: unknown, where: string): JsonReader {
    if (!isRecord(value)) throw corrupt(where, 'must be an object');
    return new JsonReader(value, where);
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.fields);
  }

  string(key: string): string {
    const value = this.optionalString(key);
    if (value === undefined) throw this.fault(key, 'is missing');
    return value;
  }

  optionalString(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.fault(key, 'must be a string');
  }

  /** A whole number from 0 to 2^53 − 1. */
  size(key: string): number {
    const value = this.value(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.fault(key, 'must be a whole number, not negative');
  }

  flag(key: string): boolean {
    const value = this.value(key) ?? false;
    if (typeof value === 'boolean') return value;
    throw this.fault(key, 'must be true or false');
  }

  optionalObject(key: string): JsonReader | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : JsonReader.of(value, this.path(key));
  }

  object(key: string): JsonReader {
    return this.optionalObject(key) ?? JsonReader.of(undefined, this.path(key));
  }

  /** An array of objects; empty when absent. */
  objects(key: string): JsonReader[] {
    return this.array(key).map((item, index) => JsonReader.of(item, `${this.path(key)}[${index}]`));
  }

  optionalStrings(key: string): string[] | undefined {
    if (!this.has(key)) return undefined;
    return this.array(key).map((item, index) => {
      if (typeof item !== 'string') throw this.fault(`${key}[${index}]`, 'must be a string');
      return item;
    });
  }

  /** An object of strings; empty when absent. */
  stringMap(key: string): Record<string, string> {
    const reader = this.optionalObject(key);
    if (reader === undefined) return {};
    return Object.fromEntries(reader.keys().map((name) => [name, reader.string(name)]));
  }

  fault(key: string, rule: string): BoxliteError {
    return corrupt(this.path(key), rule);
  }

  private array(key: string): unknown[] {
    const value = this.value(key) ?? [];
    if (Array.isArray(value)) return value as unknown[];
    throw this.fault(key, 'must be an array');
  }

  private value(key: string): unknown {
    // Only own fields: a document must not reach `constructor` and its kin.
    return Object.hasOwn(this.fields, key) ? (this.fields[key] ?? undefined) : undefined;
  }

  private path(key: string): string {
    return `${this.where}, ${key}`;
  }
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new BoxliteError('image-corrupt', `${what} is not valid JSON`, { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(where: string, rule: string): BoxliteError {
  return new BoxliteError('image-corrupt', `${where} ${rule}`);
}
