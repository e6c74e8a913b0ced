import { expect, test } from 'vitest';
import { parseChanges } from '../../../src/engine/changes.js';

test('changes are sorted by path, byte for byte', () => {
  const bytes = Buffer.concat([Buffer.from('C/b\0D/a\nb\0A/'), Buffer.from([0xff, 0])]);
  expect(parseChanges(bytes, 'x')).toEqual([
    { kind: 'deleted', path: '/a\nb', rawPath: Buffer.from('/a\nb') },
    { kind: 'changed', path: '/b', rawPath: Buffer.from('/b') },
    { kind: 'added', path: '/\uFFFD', rawPath: Buffer.from([0x2f, 0xff]) },
  ]);
  expect(parseChanges(Buffer.alloc(0), 'x')).toEqual([]);
});

test.each(['A/cut', 'X/what\0', '\0'])('%j is refused', (text) => {
  expect(() => parseChanges(Buffer.from(text), 'x')).toThrow('told its changes in a way unknown');
});
