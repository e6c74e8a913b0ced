import { describe, expect, it } from 'vitest';
import { parsePax } from '../../../../src/image/tar/pax.js';
import { paxRecord } from '../../../helpers/tar-builder.js';

describe('parsePax', () => {
  it.each([
    ['0', 0, 0],
    ['12.5', 12, 500_000_000],
    ['12.', 12, 0],
    ['1.1234567899', 1, 123_456_789],
    ['-3', -3, 0],
    ['-0.000000001', -1, 999_999_999],
  ])('reads the time %s', (text, mtimeSec, mtimeNsec) => {
    expect(parsePax(paxRecord('mtime', text))).toMatchObject({ mtimeSec, mtimeNsec });
  });

  it('keeps the last of two records with one key', () => {
    const body = Buffer.concat([paxRecord('path', 'a'), paxRecord('path', 'b')]);
    expect(parsePax(body).path).toBe('b');
  });

  it.each([
    ['a length that is none', 'xx path=a\n'],
    ['a length that reaches past the header', '99 path=a\n'],
    ['a length that ends inside the record', '6 path=a\n'],
    ['a length of zero', '0 path=a\n'],
    ['a record without a newline', '9 path=ab'],
    ['a record without a key', '5 =a\n'],
    ['a record without a value', '7 path\n'],
    ['an endless length', `${'1'.repeat(5000)} path=a\n`],
  ])('refuses %s', (_, body) => {
    expect(() => parsePax(Buffer.from(body))).toThrow(/a pax record/);
  });

  it.each([
    ['path', 'a\0b'],
    ['linkpath', 'a\0b'],
    ['size', '-1'],
    ['size', '1e3'],
    ['uid', '99999999999999999999'],
    ['mtime', 'now'],
    ['mtime', '--1'],
  ])('refuses %s=%j', (key, value) => {
    expect(() => parsePax(paxRecord(key, value))).toThrow(new RegExp(`pax record ${key}`));
  });
});
