import { expect, it } from 'vitest';
import { readWhiteout } from '../../../../src/image/layer/whiteout.js';

it.each([
  ['a/b', { is: 'content' }],
  ['a/.wh', { is: 'content' }],
  ['.wh.a/b', { is: 'content' }],
  ['a/.wh.b', { is: 'whiteout', of: 'b' }],
  ['.wh.b', { is: 'whiteout', of: 'b' }],
  ['.wh..b', { is: 'whiteout', of: '.b' }],
  ['a/.wh..wh..opq', { is: 'opaque' }],
  ['.wh..wh.plnk', { is: 'metadata' }],
])('reads %s', (path, meaning) => {
  expect(readWhiteout(path)).toEqual(meaning);
});

it.each(['.wh.', 'a/.wh..', 'a/.wh...'])('refuses %s, which reaches for a directory', (path) => {
  expect(() => readWhiteout(path)).toThrow(/a whiteout must name something in its directory/);
});
