import { expect, test } from 'vitest';
import { ChangesReader } from '../../../../src/engine/files/changes.js';

/** What comes in pieces of this size. */
function read(bytes: Buffer, size = bytes.length) {
  const reader = new ChangesReader('web');
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader.end();
}

test.each([100, 3, 1])('changes are sorted by path, byte for byte, in pieces of %i', (size) => {
  const bytes = Buffer.concat([Buffer.from('C/b\0D/a\nb\0A/'), Buffer.from([0xff, 0])]);
  expect(read(bytes, size)).toEqual([
    { kind: 'deleted', path: '/a\nb', rawPath: Buffer.from('/a\nb') },
    { kind: 'changed', path: '/b', rawPath: Buffer.from('/b') },
    { kind: 'added', path: '/\uFFFD', rawPath: Buffer.from([0x2f, 0xff]) },
  ]);
});

test('no changes are none', () => {
  expect(read(Buffer.alloc(0))).toEqual([]);
});

test.each(['A/cut', 'X/what\0', '\0', 'A\0', 'Aetc/x\0', `A/${'x'.repeat(65_536)}\0`])(
  '%j is refused',
  (text) => {
    expect(() => read(Buffer.from(text))).toThrow('reported its changes in an unknown format');
  },
);

test('a path without an end is refused before it has filled memory', () => {
  const reader = new ChangesReader('web');
  const piece = Buffer.alloc(40_000, 'A/');
  reader.push(piece);
  expect(() => reader.push(piece)).toThrow('reported its changes in an unknown format');
});

test('changes without end are refused by their number', () => {
  const reader = new ChangesReader('web', 50);
  const some = Buffer.from('A/\0'.repeat(20));
  expect(() => {
    for (;;) reader.push(some);
  }).toThrow('box web has changed too much to be listed: over 50 files');
});
