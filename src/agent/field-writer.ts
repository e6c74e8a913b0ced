import { BoxliteError } from '../errors.js';
import { type Field, LIMITS } from './protocol.js';

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** Writes the fields of a table into one growing buffer. */
export class FieldWriter {
  readonly #what: string;
  #buffer = Buffer.allocUnsafe(512);
  #length = 0;
  /** Where the field being written begins. */
  #at = 0;

  /** @param what the message's name, for errors */
  constructor(what: string) {
    this.#what = what;
  }

  table(fields: readonly Field[], values: unknown): void {
    if (typeof values !== 'object' || values === null)
      throw this.#invalid('an item', 'must be an object');
    const record = values as Readonly<Record<string, unknown>>;
    for (const [name, kind] of fields) this.#field(name, kind, record[name]);
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #field(name: string, kind: Field[1], value: unknown): void {
    switch (kind) {
      case 'u8':
        this.#grow(1).writeUInt8(this.#integer(name, value, 0xff), this.#at);
        break;
      case 'u16':
        this.#grow(2).writeUInt16LE(this.#integer(name, value, 0xffff), this.#at);
        break;
      case 'u32':
        this.#u32(this.#integer(name, value, 0xffff_ffff));
        break;
      case 'u64':
        if (typeof value !== 'bigint' || value < 0n || value > MAX_U64)
          throw this.#invalid(name, 'must be an unsigned 64-bit integer');
        this.#grow(8).writeBigUInt64LE(value, this.#at);
        break;
      case 'bytes':
        this.#bytes(name, value);
        break;
      default:
        this.#list(name, kind, value);
    }
  }

  #bytes(name: string, value: unknown): void {
    if (typeof value === 'string') {
      const length = Buffer.byteLength(value);
      this.#u32(length);
      this.#grow(length).write(value, this.#at);
    } else if (value instanceof Uint8Array) {
      this.#u32(value.length);
      this.#grow(value.length).set(value, this.#at);
    } else throw this.#invalid(name, 'must be a string or bytes');
  }

  #list(name: string, item: readonly Field[], value: unknown): void {
    if (!Array.isArray(value)) throw this.#invalid(name, 'must be a list');
    if (value.length > LIMITS.MAX_ARGS)
      throw this.#invalid(name, `has ${value.length} items, more than ${LIMITS.MAX_ARGS}`);
    this.#u32(value.length);
    const single = singleValue(item);
    for (const element of value as unknown[]) {
      if (single === undefined) this.table(item, element);
      else this.#field(name, single, element);
    }
  }

  #u32(value: number): void {
    this.#grow(4).writeUInt32LE(value, this.#at);
  }

  #integer(name: string, value: unknown, max: number): number {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
      throw this.#invalid(name, `must be an integer from 0 to ${max}`);
    return value;
  }

  /** Makes room at `#at` and returns the buffer, which may be a new one. */
  #grow(bytes: number): Buffer {
    this.#at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#at);
      this.#buffer = larger;
    }
    return this.#buffer;
  }

  #invalid(field: string, rule: string): BoxliteError {
    return new BoxliteError('invalid-argument', `${this.#what}: ${field} ${rule}`);
  }
}

/** The kind of a list's only field if its name is `value`: such a list is a plain array. */
export function singleValue(item: readonly Field[]): Field[1] | undefined {
  const [first] = item;
  return item.length === 1 && first?.[0] === 'value' ? first[1] : undefined;
}
