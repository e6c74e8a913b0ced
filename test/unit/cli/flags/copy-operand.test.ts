import { expect, test } from 'vitest';
import { parseCopyOperand } from '../../../../src/cli/flags/copy-operand.js';

test.each([
  ['box:/a', 'box', '/a'],
  ['box:a:b', 'box', 'a:b'],
  ['box:', 'box', ''],
  ['/a:b', undefined, '/a:b'],
  ['./a:b', undefined, './a:b'],
  ['../a:b', undefined, '../a:b'],
  ['.a:b', undefined, '.a:b'],
  ['plain', undefined, 'plain'],
  ['-', undefined, '-'],
  ['', undefined, ''],
])('%j is of box %j, path %j', (text, box, path) => {
  expect(parseCopyOperand(text)).toEqual({ box, path });
});
