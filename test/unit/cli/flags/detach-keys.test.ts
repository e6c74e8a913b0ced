import { expect, it } from 'vitest';
import { parseDetachKeys } from '../../../../src/cli/flags/detach-keys.js';

it.each([
  ['ctrl-p,ctrl-q', [16, 17]],
  ['ctrl-@', [0]],
  ['ctrl-_', [31]],
  ['CTRL-C', [3]],
  ['a,ctrl-\\', [97, 28]],
  ['', []],
])('%s is %j', (text, bytes) => {
  expect([...parseDetachKeys(text)]).toEqual(bytes);
});

it.each(['ctrl-', 'ctrl-1', 'shift-a', 'ctrl-p,', 'é'])('refuses %j', (text) => {
  expect(() => parseDetachKeys(text)).toThrow('invalid detach keys');
});
