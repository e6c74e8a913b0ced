import { BoxliteError, type ErrorCode } from '../../errors.js';

export interface JsonOptions {
  /** The error code for faults of the document; default `image-corrupt`. */
  code?: ErrorCode;
  /** Keeps the document out of errors: the parser's own error would quote it. */
  secret?: boolean;
}

/**
 * Reads JSON from outside. Each getter returns a checked type or throws `image-corrupt` (or the
 * requested code) with the document and the path of the field. `null` counts as absent, as Go
 * programs write it.
 */
export class JsonReader {
  private constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    /** The document and our position in it: `manifest of alpine:3.20, layers[2]`. */
    readonly where: string,
    private readonly code: ErrorCode,
  ) {}

  /** @param what names the document in messages */
  static parse(bytes: Uint8Array, what: string, options: JsonOptions = {}): JsonReader {
    return JsonReader.of(parseJson(bytes, what, options), what, options.code);
  }

  /** A document that is an array of objects (docker save's manifest.json). */
  static parseArray(bytes: Uint8Array, what: string): JsonReader[] {
    const value = parseJson(bytes, what, {});
    if (!Array.isArray(value)) throw fault(what, 'must be an array');
    return value.map((item: unknown, index) => JsonReader.of(item, `${what}[${index}]`));
  }

  static of(value: unknown, where: string, code?: ErrorCode): JsonReader {
    if (!isRecord(value)) throw fault(where, 'must be an object', code);
    return new JsonReader(value, where, code ?? 'image-corrupt');
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

  /** An empty string counts as absent. */
  nonEmptyString(key: string): string | undefined {
    const value = this.optionalString(key);
    return value === '' ? undefined : value;
  }

  /** A whole number from 0 to 2^53 − 1. */
  size(key: string): number {
    const value = this.value(key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.fault(key, 'must be a whole number, not negative');
  }

  optionalNumber(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'number') return value;
    throw this.fault(key, 'must be a number');
  }

  flag(key: string): boolean {
    const value = this.value(key) ?? false;
    if (typeof value === 'boolean') return value;
    throw this.fault(key, 'must be true or false');
  }

  optionalObject(key: string): JsonReader | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : JsonReader.of(value, this.path(key), this.code);
  }

  object(key: string): JsonReader {
    return this.optionalObject(key) ?? JsonReader.of(undefined, this.path(key), this.code);
  }

  /** An array of objects; empty when absent. */
  objects(key: string): JsonReader[] {
    return this.array(key).map((item, index) =>
      JsonReader.of(item, `${this.path(key)}[${index}]`, this.code),
    );
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
    return fault(this.path(key), rule, this.code);
  }

  private array(key: string): unknown[] {
    const value = this.value(key) ?? [];
    if (Array.isArray(value)) return value as unknown[];
    throw this.fault(key, 'must be an array');
  }

  private value(key: string): unknown {
    // Only own fields: a document must not reach `constructor` and the like.
    return Object.hasOwn(this.fields, key) ? (this.fields[key] ?? undefined) : undefined;
  }

  private path(key: string): string {
    return `${this.where}, ${key}`;
  }
}

function parseJson(bytes: Uint8Array, what: string, { code, secret }: JsonOptions): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const told = secret === true ? {} : { cause };
    throw new BoxliteError(code ?? 'image-corrupt', `${what} is not valid JSON`, told);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(where: string, rule: string, code: ErrorCode = 'image-corrupt'): BoxliteError {
  return new BoxliteError(code, `${where} ${rule}`);
}
