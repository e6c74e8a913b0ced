import type { Field, MessageName, MESSAGES } from './protocol.js';

/** TypeScript's view of the wire's field tables, inferred from protocol.ts, so the two can't diverge. */

type Scalar = Exclude<Field[1], readonly Field[]>;

/** The values that a field accepts for writing. Strings are written as UTF-8. */
export type Encodable<K extends Field[1]> = K extends 'u64'
  ? bigint
  : K extends 'bytes'
    ? Uint8Array | string
    : K extends Scalar
      ? number
      : K extends readonly Field[]
        ? readonly EncodableItem<K>[]
        : never;

/** A list of one field named `value` is a plain array; a list whose table is unknown may be either. */
type EncodableItem<F extends readonly Field[]> = F extends readonly [
  readonly ['value', infer K extends Scalar],
]
  ? Encodable<K>
  : number extends F['length']
    ? Encodable<Scalar> | EncodableTable<F>
    : EncodableTable<F>;

export type EncodableTable<F extends readonly Field[]> = {
  readonly [E in F[number] as E[0]]: Encodable<E[1]>;
};

/** The value that reading a field returns. Bytes are views of the message, never text. */
export type Decoded<K extends Field[1]> = K extends 'u64'
  ? bigint
  : K extends 'bytes'
    ? Buffer
    : K extends Scalar
      ? number
      : K extends readonly Field[]
        ? DecodedItem<K>[]
        : never;

type DecodedItem<F extends readonly Field[]> = F extends readonly [
  readonly ['value', infer K extends Scalar],
]
  ? Decoded<K>
  : number extends F['length']
    ? Decoded<Scalar> | DecodedTable<F>
    : DecodedTable<F>;

export type DecodedTable<F extends readonly Field[]> = { [E in F[number] as E[0]]: Decoded<E[1]> };

type FieldsOf<N extends MessageName> = (typeof MESSAGES)[N]['fields'];

/** Messages that have a table; `stdin`, `stdout` and `stderr` are raw bytes. */
export type TableMessageName = {
  [N in MessageName]: FieldsOf<N> extends readonly Field[] ? N : never;
}[MessageName];

type TableOf<N extends TableMessageName> = Extract<FieldsOf<N>, readonly Field[]>;

export type MessageValues<N extends TableMessageName> = EncodableTable<TableOf<N>>;
export type Message<N extends TableMessageName> = DecodedTable<TableOf<N>>;
