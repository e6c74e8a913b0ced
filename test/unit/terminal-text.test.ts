import { expect, it } from 'vitest';
import { withoutActing } from '../../src/terminal-text.js';

it.each([
  ['an escape sequence', '\u001b[2Jx', '?[2Jx'],
  ['the same by one character', '\u009b2Jx', '?2Jx'],
  ['a line break', 'a\r\nb', 'a??b'],
  ['a separator of lines or paragraphs', 'a\u2028b\u2029c', 'a?b?c'],
  ['a turn of direction', 'a\u202eb\u2066c', 'a?b?c'],
  ['what nobody sees', 'a\u200bb\ufeffc', 'a?b?c'],
])('has no longer %s', (_what, text, shown) => {
  expect(withoutActing(text, '?')).toBe(shown);
});

it('leaves all that is only shown, and asks what else to put', () => {
  const plain = 'aä߀漢🙂 "$&"';
  expect(withoutActing(plain, '?')).toBe(plain);
  expect(withoutActing('a\tb\u0007', (c) => (c === '\t' ? ' ' : '$&'))).toBe('a b$&');
});
