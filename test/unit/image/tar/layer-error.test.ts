import { expect, it } from 'vitest';
import { showName } from '../../../../src/image/tar/layer-error.js';

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

it.each([
  ['a name of another script', utf8('тест/日本'), '"тест/日本"'],
  ['a quote and a backslash', '"\\', '"\\"\\\\"'],
  ['a new line', 'a\nboxlite: all is well', '"a\\nboxlite: all is well"'],
  ['a terminal’s control sequence', '\x1b]0;title\x07', '"\\u001b]0;title\\u0007"'],
  ['its one-character form', utf8('\x9b2J'), '"\\u{9b}2J"'],
  ['a delete', '\x7f', '"\\u{7f}"'],
  ['an override of the writing direction', utf8('a\u202egpj.sh'), '"a\\u{202e}gpj.sh"'],
  ['a line separator', utf8('a\u2028b'), '"a\\u{2028}b"'],
  ['bytes that are no UTF-8', 'caf\xe9\x9b\x7f', '"caf\\xe9\\x9b\\x7f"'],
  ['a name of 300 bytes', 'x'.repeat(300), `"${'x'.repeat(200)}…"`],
])('shows %s', (_, name, shown) => {
  expect(showName(name)).toBe(shown);
});
