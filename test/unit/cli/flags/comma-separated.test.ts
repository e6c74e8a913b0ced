import { expect, it } from 'vitest';
import { splitFields } from '../../../../src/cli/flags/comma-separated.js';

it.each([
  ['a', ['a']],
  ['a,b=c', ['a', 'b=c']],
  ['', ['']],
  ['a,', ['a', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['"say ""hi""",c', ['say "hi"', 'c']],
  ['""', ['']],
])('splits %j into %j', (line, fields) => {
  expect(splitFields(line)).toEqual(fields);
});

it.each(['"a', 'a"b', '"a"b', 'a,"b', 'a,b"'])('refuses %j', (line) => {
  expect(() => splitFields(line)).toThrow('a quote in');
});
