import { expect, test } from 'vitest';
import { ADJECTIVES, SURNAMES } from '../../../../../src/engine/spec/names/name-words.js';
import { randomName } from '../../../../../src/engine/spec/names/names.js';

test.each([
  ['adjectives', ADJECTIVES],
  ['surnames', SURNAMES],
])('%s are distinct lower-case words', (_what, words) => {
  expect(new Set(words).size).toBe(words.length);
  expect(words.filter((word) => !/^[a-z]{2,}$/.test(word))).toEqual([]);
});

test('every name is one that a box may have', () => {
  const longest = (words: readonly string[]) => Math.max(...words.map((word) => word.length));
  expect(longest(ADJECTIVES) + 1 + longest(SURNAMES)).toBeLessThanOrEqual(63);
  expect(randomName()).toMatch(/^[a-z]+_[a-z]+$/);
});

test('the first and the last words can be picked', () => {
  expect(randomName(() => 0)).toBe('able_abel');
  expect(randomName((below) => below - 1)).toBe('zesty_zuse');
});
