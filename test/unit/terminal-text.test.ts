import { expect, it } from 'vitest';
import { abridged, asLine, asLines, asMessage, withoutActing } from '../../src/terminal-text.js';

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

it('shows what it takes out, so that it can be read', () => {
  expect(asLine('a\u001b]0;t\u0007\u007f\u009b\u202e\u{e0001}\r\nb\tc')).toBe(
    'a\\x1b]0;t\\x07\\x7f\\u009b\\u202e\\u{e0001}\\x0d\\x0ab\tc',
  );
  expect(asLines('a\u001b\nb')).toBe('a\\x1b\nb');
});

it('sets the further lines of a message apart from lines of our own', () => {
  expect(asMessage('one\ntwo\n  three\n')).toBe('one\n  two\n  three');
  expect(asMessage('one\r\nboxlite: all is well')).toBe('one\\x0d\n  boxlite: all is well');
});

it('keeps both ends of a message that is too long to be read', () => {
  expect(abridged('short')).toBe('short');
  const long = abridged(`no such box: ${'x'.repeat(1_000_000)}: give another`);
  expect(long.length).toBeLessThan(4_100);
  expect(long).toMatch(/^no such box: x+… \(\d+ more characters\) …x+: give another$/);
});
