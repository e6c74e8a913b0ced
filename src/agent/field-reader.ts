import { BoxliteError } from '../errors.js';
import { singleValue } from './field-writer.js';
import { type Field, LIMITS } from './protocol.js';

/** Reads the fields of a table from untrusted bytes. */
export class FieldReader {
  readonly #what: string;
  readonly #payload: Buffer;
  #at = 0;

  /** @param what the message's name, for errors */
  constructor(what: string, payload: Buffer) {
    this.#what = what;
    this.#payload = payload;
  }

  table(fields: readonly Field[]): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [name, kind] of fields) values[name] = this.#field(name, kind);
    return values;
  }

  /** Refuses trailing bytes that belong to no field. */
  end(): void {
    const extra = this.#payload.length - this.#at;
    if (extra !== 0)
      throw new BoxliteError('protocol', `${this.#what}: ${extra} bytes follow the last field`);
  }

  #field(name: string, kind: Field[1]): unknown {
    switch (kind) {
      case 'u8':
        return this.#payload.readUInt8(this.#take(name, 1));
      case 'u16':
        return this.#payload.readUInt16LE(this.#take(name, 2));
      case 'u32':
        return this.#u32(name);
      case 'u64':
        return this.#payload.readBigUInt64LE(this.#take(name, 8));
      case 'bytes': {
        const length = this.#u32(name);
        const from = this.#take(name, length);
        return this.#payload.subarray(from, from + length);
      }
      default:
        return this.#list(name, kind);
    }
  }

  #list(name: string, item: readonly Field[]): unknown[] {
    const count = this.#u32(name);
    // A list of items without fields costs the sender nothing, so the cap applies to it, too.
    if (count > LIMITS.MAX_ARGS)
      throw new BoxliteError('protocol', `${this.#what}: ${name} claims ${count} items`);
    const single = singleValue(item);
    const items: unknown[] = [];
    for (let index = 0; index < count; index += 1)
      items.push(single === undefined ? this.table(item) : this.#field(name, single));
    return items;
  }

  #u32(name: string): number {
    return this.#payload.readUInt32LE(this.#take(name, 4));
  }

  #take(name: string, bytes: number): number {
    const at = this.#at;
    if (bytes > this.#payload.length - at)
      throw new BoxliteError(
        'protocol',
        `${this.#what}: ${name} needs ${bytes} bytes, ${this.#payload.length - at} are left`,
      );
    this.#at += bytes;
    return at;
  }
}
