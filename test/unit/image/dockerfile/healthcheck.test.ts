import { expect, test } from 'vitest';
import { healthcheckOf } from '../../../../src/image/dockerfile/healthcheck.js';
import { parseInstruction } from '../../../../src/image/dockerfile/instruction.js';

const read = (text: string) => healthcheckOf(parseInstruction(`HEALTHCHECK ${text}`, '\\'));

test.each([
  ['NONE', { Test: ['NONE'] }],
  ['none', { Test: ['NONE'] }],
  ['CMD ["curl", "x"]', { Test: ['CMD', 'curl', 'x'] }],
  ['cmd curl -f "x" || exit 1', { Test: ['CMD-SHELL', 'curl -f "x" || exit 1'] }],
  [
    '--interval=1m30s --timeout=500ms --start-period=5s --start-interval=1s --retries=2 CMD x',
    {
      Test: ['CMD-SHELL', 'x'],
      Interval: 90e9,
      Timeout: 500e6,
      StartPeriod: 5e9,
      StartInterval: 1e9,
      Retries: 2,
    },
  ],
  ['--interval=0s --retries=0 CMD x', { Test: ['CMD-SHELL', 'x'], Interval: 0, Retries: 0 }],
  ['--interval="3s" CMD x', { Test: ['CMD-SHELL', 'x'], Interval: 3e9 }],
])('%s', (text, check) => {
  expect(read(text)).toEqual(check);
});

test.each([
  ['x', '"x" is neither CMD nor NONE'],
  ['CMD', 'needs a command'],
  ['CMD []', 'needs a command'],
  ['NONE x', 'stands alone'],
  ['--interval=1s NONE', 'stands alone'],
  ['--interval=5 CMD x', 'is no duration'],
  ['--timeout=2562047h CMD x', 'is too long'],
  ['--interval=1us CMD x', 'less than 1ms'],
  ['--interval=-1s CMD x', 'less than 1ms'],
  ['--interval CMD x', 'write the flag as --interval=VALUE'],
  ['--retries=-1 CMD x', 'is not a whole number'],
  ['--retries=1.5 CMD x', 'is not a whole number'],
  ['--every=1s CMD x', 'no flag --every'],
  ['--constructor=1s CMD x', 'no flag --constructor'],
])('%s is refused: %s', (text, rule) => {
  expect(() => read(text)).toThrow(rule);
});
