import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { chainIds } from '../../../../src/image/oci/chain-id.js';

const sha256 = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

test('the lowest layer’s chain id is its diffID, each other’s is of the one below and its own', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(sha256) as [string, string, string];
  const ab = sha256(`${a} ${b}`);
  expect(chainIds([a, b, c])).toEqual([a, ab, sha256(`${ab} ${c}`)]);
  expect(chainIds([])).toEqual([]);
});

test('the same layer on another base has another chain id', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(sha256) as [string, string, string];
  expect(chainIds([a, c])[1]).not.toBe(chainIds([b, c])[1]);
});
