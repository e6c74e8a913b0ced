import { expect, it } from 'vitest';
import { cleanPath } from '../../../../src/image/layer/path.js';

it.each([
  ['a/b', 'a/b'],
  ['./a/b/', 'a/b'],
  ['a//b', 'a/b'],
  ['a/./b', 'a/b'],
  ['.', ''],
  ['./', ''],
  ['/', ''],
  ['', ''],
  ['.hidden/..x', '.hidden/..x'],
  ['/etc/passwd', 'etc/passwd'],
  ['../../etc/passwd', 'etc/passwd'],
  ['a/../../b', 'b'],
  ['a/..', ''],
  ['n'.repeat(255), 'n'.repeat(255)],
  [`a/.wh.${'n'.repeat(255)}`, `a/.wh.${'n'.repeat(255)}`],
  [`${'n'.repeat(255)}/x`, `${'n'.repeat(255)}/x`],
])('makes %j into %j', (name, path) => {
  expect(cleanPath(name)).toBe(path);
});

it('refuses a name over 255 bytes', () => {
  expect(() => cleanPath(`a/${'n'.repeat(256)}`)).toThrow(/a name in it is over 255 bytes/);
  expect(() => cleanPath(`.wh.${'n'.repeat(252)}/a`)).toThrow(/a name in it is over 255 bytes/);
  expect(() => cleanPath(`a/.wh.${'n'.repeat(256)}`)).toThrow(/a name in it is over 255 bytes/);
});

it('refuses a path over 64 KiB', () => {
  expect(() => cleanPath('a/'.repeat(40_000))).toThrow(/its path is over 65536 bytes/);
});
