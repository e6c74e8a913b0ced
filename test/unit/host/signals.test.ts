import { expect, test } from 'vitest';
import { signalName, signalNumber } from '../../../src/host/signals.js';

test.each([
  ['KILL', 9],
  ['SIGKILL', 9],
  ['sigterm', 15],
  [' hup ', 1],
  ['9', 9],
  [9, 9],
  ['1', 1],
  [64, 64],
  ['34', 34],
  ['USR1', 10],
  ['STKFLT', 16],
  ['PWR', 30],
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['rtmin+15', 49],
  ['RTMAX-14', 50],
  ['RTMAX', 64],
])('%j is signal %d', (signal, number) => {
  expect(signalNumber(signal)).toBe(number);
});

test.each([
  '',
  '0',
  0,
  65,
  '-9',
  -1,
  1.5,
  NaN,
  '9x',
  '0x9',
  'SIG',
  'NOPE',
  'SIGSIGKILL',
  '__PROTO__',
  'RTMIN+',
  'RTMIN-1',
  'RTMIN+31',
  'RTMAX+1',
  'RTMAX-31',
  'RTMIN3',
])('%j is no signal', (signal) => {
  expect(() => signalNumber(signal)).toThrow(
    expect.objectContaining({
      code: 'invalid-argument',
      message: `invalid signal "${signal}"`,
      hint: 'use a name such as TERM or SIGKILL, or a number from 1 to 64',
    }),
  );
});

test.each(Array.from({ length: 31 }, (_, index) => 34 + index))('%d has a name', (number) => {
  expect(signalName(number)).toMatch(/^SIGRT(MIN|MAX)/);
  expect(signalNumber(signalName(number))).toBe(number);
});
