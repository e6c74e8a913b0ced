import { describe, expect, test } from 'vitest';
import { expandWord, expandWords } from '../../../../src/image/dockerfile/shell-word.js';

const VARIABLES = new Map([
  ['A', 'value'],
  ['EMPTY', ''],
  ['TWO', 'one two'],
  ['FILE', '/a/foo*/b.tar.gz'],
  ['KOREAN', '한국어'],
]);

describe('a word', () => {
  test.each([
    ['plain', 'plain'],
    ['$A', 'value'],
    ['${A}x', 'valuex'],
    ['$Ax', ''],
    ['$NONE', ''],
    ['a$', 'a$'],
    ['$.', '$.'],
    ['$1$10a', 'a'],
    ['$$A', 'A'],
    ["'$A'", '$A'],
    ['"$A"', 'value'],
    ['"it\'s \\"$A\\""', 'it\'s "value"'],
    ['"a\\b\\\\c\\$A"', 'a\\b\\c$A'],
    ['\\$A', '$A'],
    ['a\\ b', 'a b'],
    ['\\a\\\\', 'a\\'],
    ['a\\', 'a'],
    ['a\'b\'"c"d', 'abcd'],
    ['$KOREAN-${KOREAN}', '한국어-한국어'],
    ['${A:-x}', 'value'],
    ['${EMPTY:-x}', 'x'],
    ['${EMPTY-x}', ''],
    ['${NONE-x}', 'x'],
    ['${NONE:-$A and "${TWO}"}', 'value and one two'],
    ['${NONE:-${NONE2:-deep}}', 'deep'],
    ['${NONE:-a\\}b}', 'a}b'],
    ['${A:+x}', 'x'],
    ['${A+x}', 'x'],
    ['${EMPTY:+x}', ''],
    ['${EMPTY+x}', 'x'],
    ['${NONE+x}', ''],
    ['${A:?x}', 'value'],
    ['${EMPTY?x}', ''],
    ['${FILE#*/}', 'a/foo*/b.tar.gz'],
    ['${FILE##*/}', 'b.tar.gz'],
    ['${FILE%.*}', '/a/foo*/b.tar'],
    ['${FILE%%.*}', '/a/foo*/b'],
    ['${FILE%x}', '/a/foo*/b.tar.gz'],
    ['${FILE#}', '/a/foo*/b.tar.gz'],
    ['${FILE/foo?/x}', '/a/x/b.tar.gz'],
    ['${FILE//\\*/x}', '/a/foox/b.tar.gz'],
    ['${FILE//[/x}', '/a/foo*/b.tar.gz'],
    ['${A//?/$1.}', '.....'],
    ['${A///-}', '-v-a-l-u-e-'],
    ['${A/*/x}', 'x'],
    ['${A//*/x}', 'x'],
    ['${NONE/x/y}', ''],
    ['${FILE//\\//\\/}', '\\/a\\/foo*\\/b.tar.gz'],
  ])('%s is %j', (word, text) => {
    expect(expandWord(word, VARIABLES)).toBe(text);
  });

  test.each([
    ['"a', 'a " is not closed'],
    ["'a", "a ' is not closed"],
    ['${', 'a } is missing'],
    ['${A', 'a } is missing'],
    ['${A:', 'not supported'],
    ['${A:-x', 'a } is missing'],
    ['${}', 'names no variable'],
    ['${:-x}', 'names no variable'],
    ['${A=x}', 'not supported'],
    ['${A^}', 'not supported'],
    ['${A//x}', 'a / is missing'],
    ['${NONE?}', 'NONE: it is not set'],
    ['${EMPTY:?}', 'EMPTY: it is empty'],
    ['${NONE:?need $A}', 'NONE: need value'],
    ['${A#\\x}', 'nothing is escaped'],
    [`${'${N:-'.repeat(5000)}x`, '100 deep'],
  ])('%.20s is refused: %s', (word, rule) => {
    expect(() => expandWord(word, VARIABLES)).toThrow(rule);
  });

  test('a pattern of many stars is matched in no time to speak of', () => {
    const variables = new Map([['A', 'a'.repeat(5000)]]);
    expect(expandWord(`\${A##${'*a'.repeat(30)}*b}`, variables)).toBe('a'.repeat(5000));
  });

  test('another escape character leaves backslashes alone', () => {
    expect(expandWord('c:\\a`$A', VARIABLES, '`')).toBe('c:\\a$A');
  });
});

describe('words', () => {
  test.each([
    ['$TWO', ['one', 'two']],
    ['"$TWO"', ['one two']],
    ['a$TWO.b', ['aone', 'two.b']],
    ['$NONE', []],
    ['a\\ b', ['a b']],
    ['  ', []],
  ])('%j are %j', (word, words) => {
    expect(expandWords(word, VARIABLES)).toEqual(words);
  });
});
