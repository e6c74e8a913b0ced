import { BoxliteError } from '../errors.js';
import { FieldReader } from './field-reader.js';
import type {
  DecodedTable,
  EncodableTable,
  Message,
  MessageValues,
  TableMessageName,
} from './field-types.js';
import { FieldWriter } from './field-writer.js';
import { type Field, LIMITS, MESSAGES } from './protocol.js';

export type { Message, MessageValues, TableMessageName } from './field-types.js';

/**
 * The payload of a message, its fields in the order of their table.
 * @throws `invalid-argument` naming the field whose value is missing or out of range, or the message
 * when it exceeds `MAX_MESSAGE` bytes.
 */
export function encodeMessage<N extends TableMessageName>(
  name: N,
  values: MessageValues<N>,
): Buffer {
  return encodeNamed(name, MESSAGES[name].fields, values);
}

/** The same encoding for a table that is not a message, such as the shim's configuration. */
export function encodeTable<F extends readonly Field[]>(
  fields: F,
  values: EncodableTable<F>,
): Buffer {
  return encodeNamed('table', fields, values);
}

/**
 * The fields of a payload. The bytes come from the guest: every length is checked against the bytes present,
 * and bytes after the last field are refused.
 * @throws `protocol` naming the message and the field
 */
export function decodeMessage<N extends TableMessageName>(name: N, payload: Buffer): Message<N> {
  const reader = new FieldReader(name, payload);
  const values = reader.table(MESSAGES[name].fields);
  reader.end();
  // The reader followed the same table that the type is inferred from.
  return values as Message<N>;
}

/** The same for a table that is not a message, such as a record that the shim writes. */
export function decodeTable<F extends readonly Field[]>(
  what: string,
  fields: F,
  payload: Buffer,
): DecodedTable<F> {
  const reader = new FieldReader(what, payload);
  const values = reader.table(fields);
  reader.end();
  return values as DecodedTable<F>;
}

function encodeNamed(what: string, fields: readonly Field[], values: object): Buffer {
  const writer = new FieldWriter(what);
  writer.table(fields, values);
  const bytes = writer.bytes();
  if (bytes.length > LIMITS.MAX_MESSAGE)
    throw new BoxliteError(
      'invalid-argument',
      `the ${what} message is ${bytes.length} bytes, more than ${LIMITS.MAX_MESSAGE}`,
      { hint: 'shorten the arguments or the environment' },
    );
  return bytes;
}
