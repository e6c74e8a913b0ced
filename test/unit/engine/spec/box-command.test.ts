import { expect, test } from 'vitest';
import { BoxCommand, type Duration } from '../../../../src/engine/spec/box-command.js';

test('a command is built step by step', () => {
  const command = new BoxCommand('ls').arg('-l').args(['/a b', '']).env('A', 'x=y').user('1:2');
  command.unsetEnv('B');
  expect(command).toMatchObject({
    argv: ['ls', '-l', '/a b', ''],
    variables: ['A=x=y', 'B'],
    runAs: '1:2',
    timeoutMs: 0,
    terminal: undefined,
    stdinOpen: true,
  });
  expect(command.tty().terminal).toEqual({ rows: 24, cols: 80 });
  expect(command.tty({ rows: 1, cols: 2 }).terminal).toEqual({ rows: 1, cols: 2 });
  expect(command.tty(false).terminal).toBeUndefined();
});

test('variables come one by one or as a record, in the order of the calls', () => {
  const command = new BoxCommand('env').env({ A: '1', B: undefined }).env('A', '2').env({});
  expect(command.variables).toEqual(['A=1', 'B', 'A=2']);
});

test.each<[Duration, number]>([
  [1, 1],
  [0, 0],
  [1.2, 2],
  [{ seconds: 30 }, 30_000],
  [{ hours: 1, minutes: 2, seconds: 3, milliseconds: 4 }, 3_723_004],
  [{}, 0],
])('a time-out of %j is %d ms', (duration, ms) => {
  expect(new BoxCommand('true').timeout(duration).timeoutMs).toBe(ms);
});

test.each<[string, (command: BoxCommand) => unknown]>([
  ['a time-out below 0', (command) => command.timeout(-1)],
  ['a time-out that is no number', (command) => command.timeout(NaN)],
  ['a time-out beyond 49 days', (command) => command.timeout({ hours: 24 * 50 })],
  ['a variable without a name', (command) => command.env('', 'x')],
  ['a variable whose name holds =', (command) => command.env('A=B', 'x')],
  ['a variable of a record whose name holds =', (command) => command.env({ 'A=B': 'x' })],
  ['a variable of a record with a NUL byte', (command) => command.env({ A: 'a\0' })],
  ['a variable to take away without a name', (command) => command.unsetEnv('')],
  ['a variable to take away whose name holds =', (command) => command.unsetEnv('A=B')],
  ['an argument with a NUL byte', (command) => command.arg('a\0b')],
  ['a directory with a NUL byte', (command) => command.workingDir('/a\0')],
])('%s is refused', (_what, act) => {
  expect(() => act(new BoxCommand('true'))).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }),
  );
});
