import { expect, test } from 'vitest';
import { digestOf, isDigest, parseDigest, shortDigest } from '../../../../src/image/oci/digest.js';

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('the digest of bytes is that of the specification', () => {
  expect(digestOf(Buffer.alloc(0))).toBe(EMPTY);
  expect(isDigest(digestOf(Buffer.alloc(0), 'sha512'))).toBe(true);
  expect(shortDigest(EMPTY)).toBe('e3b0c44298fc');
});

test.each([
  '',
  'sha256',
  'sha256:',
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'../'.repeat(22).slice(0, 64)}`,
  `sha512:${'a'.repeat(64)}`,
  `md5:${'a'.repeat(64)}`,
  `constructor:${'a'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}\n`,
])('%j is no digest', (text) => {
  expect(isDigest(text)).toBe(false);
  expect(() => parseDigest(text)).toThrow('not a digest');
});
