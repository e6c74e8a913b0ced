import { expect, test } from 'vitest';
import { parseInstructions } from '../../../../src/image/dockerfile/instruction.js';

const read = (text: string) =>
  parseInstructions(text).map(({ name, flags, argument }) => [name, flags, argument]);

test.each([
  ['', []],
  ['  # a comment\n\n', []],
  ['env A=1', [['ENV', [], 'A=1']]],
  [
    '  FROM  x \r\nRUN y\r\n',
    [
      ['FROM', [], 'x'],
      ['RUN', [], 'y'],
    ],
  ],
  ['RUN a \\\n b', [['RUN', [], 'a  b']]],
  ['RUN a \\  \n\n# between\n  && b', [['RUN', [], 'a   && b']]],
  [
    'RUN a \\\\\nCMD b',
    [
      ['RUN', [], 'a \\\\'],
      ['CMD', [], 'b'],
    ],
  ],
  ['RUN a \\', [['RUN', [], 'a']]],
  ['COPY --from=x --chown="a b" -- --y z', [['COPY', ['--from=x', '--chown=a b'], '--y z']]],
  ['RUN a --b', [['RUN', [], 'a --b']]],
  ['# escape=`\nRUN c:\\ `\n d', [['RUN', [], 'c:\\  d']]],
  ['# syntax=docker/dockerfile:1\n# ESCAPE = `\nRUN `\nd', [['RUN', [], 'd']]],
  ['# said\n# escape=`\nRUN c:\\\nd', [['RUN', [], 'c:d']]],
])('%j', (text, instructions) => {
  expect(read(text)).toEqual(instructions);
});

test('an instruction keeps its text on one line', () => {
  const [instruction] = parseInstructions('onbuild RUN a \\\n  b');
  expect(instruction?.text).toBe('onbuild RUN a   b');
});
