import { expect, test } from 'vitest';
import { quote, unquote } from '../../../../../src/cli/output/template/quote.js';

test.each([
  ['sh -c "x"', '"sh -c \\"x\\""'],
  ["it's", '"it\'s"'],
  ['a\\b', '"a\\\\b"'],
  ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
  ['\x00\x1b\x7f', '"\\x00\\x1b\\x7f"'],
  ['ä…𝒜', '"ä…𝒜"'],
  ['\u202e\u{e0001}', '"\\u202e\\U000e0001"'],
])('%j is quoted as %s', (text, quoted) => {
  expect(quote(text)).toBe(quoted);
  expect(unquote(quoted.slice(1, -1))).toBe(text);
});

test.each(['\\', '\\q', '\\x4', '\\u12', '\\U00110000', '\\8'])('%s is no escape', (body) => {
  expect(unquote(body)).toBeUndefined();
});

test('octal escapes are read', () => {
  expect(unquote('\\101\\012')).toBe('A\n');
});
