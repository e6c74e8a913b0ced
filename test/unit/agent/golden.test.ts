import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage, type TableMessageName } from '../../../src/agent/codec.js';
import { LIMITS, MESSAGES } from '../../../src/agent/protocol.js';
import { BoxliteError } from '../../../src/errors.js';

/** Where the messages lie that the C side reads too. */
const VECTORS = new URL('../../../native/protocol/vectors/', import.meta.url);

interface Vector {
  file: string;
  /** A message, or the table of the shim's configuration. */
  message: string;
  values: unknown;
}

const vectors = (JSON.parse(readFileSync(new URL('index.json', VECTORS), 'utf8')) as Vector[])
  .filter((vector): vector is Vector & { message: TableMessageName } => vector.message in MESSAGES)
  .map((vector) => ({ ...vector, bytes: readFileSync(new URL(vector.file, VECTORS)) }));

describe.each(vectors)('the golden message $file', ({ message, values, bytes }) => {
  it('is read as the values beside it', () => {
    expect(plain(decodeMessage(message, bytes))).toEqual(values);
  });

  it('is written from what was read, byte for byte', () => {
    const again = encodeMessage(message, decodeMessage(message, bytes) as never);
    expect(again.equals(bytes)).toBe(true);
  });

  it('is refused when it is cut anywhere or has a byte too many', () => {
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => decodeMessage(message, bytes.subarray(0, length))).toThrow(BoxliteError);
    const long = Buffer.concat([bytes, Buffer.alloc(1)]);
    expect(() => decodeMessage(message, long)).toThrow(BoxliteError);
  });

  it('gives a value or a protocol error for every single byte that is changed', () => {
    for (let at = 0; at < bytes.length; at += 1)
      for (const value of [0x00, 0x01, 0x7f, 0xff]) {
        const mutant = Buffer.from(bytes);
        mutant[at] = value;
        try {
          expect(encodeMessage(message, decodeMessage(message, mutant) as never)).toEqual(mutant);
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocol' });
        }
      }
  });
});

it('every message has its golden one, but for those without fields', () => {
  const named = new Set<string>(vectors.map(({ message }) => message));
  const missing = Object.entries(MESSAGES)
    .filter(([name, { fields }]) => fields !== 'raw' && fields.length > 0 && !named.has(name))
    .map(([name]) => name);
  expect(missing).toEqual([]);
  expect(Math.max(...vectors.map(({ bytes }) => bytes.length))).toBeLessThan(LIMITS.MAX_MESSAGE);
});

/** As the index holds it: bytes in hexadecimal but for a failure's text, 64-bit integers in decimal. */
function plain(value: unknown, name?: string): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Buffer.isBuffer(value)) return value.toString(name === 'message' ? 'utf8' : 'hex');
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => [field, plain(inner, field)]),
    );
  return value;
}
