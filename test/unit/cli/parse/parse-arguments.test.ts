import { describe, expect, it } from 'vitest';
import { wholeNumber } from '../../../../src/cli/flags/number.js';
import { flag, list, value } from '../../../../src/cli/parse/command.js';
import { type Grammar, parseArguments } from '../../../../src/cli/parse/parse-arguments.js';

const GRAMMAR: Grammar = {
  name: 'try',
  args: [
    { name: 'FIRST', summary: '' },
    { name: 'REST', summary: '', optional: true, variadic: true },
  ],
  options: {
    detach: flag('', { short: 'd' }),
    tty: flag('', { short: 't' }),
    proxy: flag('', { initial: true }),
    'no-trunc': flag(''),
    env: list('', 'K=V', { short: 'e' }),
    name: value('', 'NAME', { short: 'n' }),
    count: value('', 'NUMBER', { parse: wholeNumber(0, 9) }),
  },
};

const parse = (argv: string[], grammar = GRAMMAR) => parseArguments(grammar, argv);

describe('parseArguments', () => {
  it.each<[string, string[], Record<string, unknown>]>([
    ['nothing leaves the initial values', ['x'], { detach: false, proxy: true, env: [] }],
    ['a long flag', ['--detach', 'x'], { detach: true }],
    ['a cluster of short flags', ['-dt', 'x'], { detach: true, tty: true }],
    ['a cluster that ends in a value', ['-dnabc', 'x'], { detach: true, name: 'abc' }],
    ['a flag turned off', ['--proxy=false', 'x'], { proxy: false }],
    ['a flag turned off by 0', ['--proxy=0', 'x'], { proxy: false }],
    ['a flag turned on by its value', ['--detach=true', 'x'], { detach: true }],
    ['the last of a flag counts', ['--detach', '--detach=false', 'x'], { detach: false }],
    ['a flag that begins with no-', ['--no-trunc', 'x'], { 'no-trunc': true }],
    ['a value behind a space', ['--name', 'a', 'x'], { name: 'a' }],
    ['a value behind =', ['--name=a=b', 'x'], { name: 'a=b' }],
    ['an empty value', ['--name=', 'x'], { name: '' }],
    ['a value that looks like a flag', ['--name', '--detach', 'x'], { name: '--detach' }],
    ['the last of a value counts', ['--name', 'a', '-n', 'b', 'x'], { name: 'b' }],
    [
      'a list keeps all, in order',
      ['-e', 'A=1', '--env=B=2', '-eC=3', 'x'],
      { env: ['A=1', 'B=2', 'C=3'] },
    ],
    ['a short flag turned off', ['-d=false', 'x'], { detach: false }],
    ['a cluster whose last is turned off', ['-dt=0', 'x'], { detach: true, tty: false }],
    ['no flag in a value', ['--name', '-d=true', 'x'], { detach: false, name: '-d=true' }],
    [
      'no flag in the value of a letter',
      ['-n', '-d=true', 'x'],
      { detach: false, name: '-d=true' },
    ],
    ['no flag in an attached value', ['-end=1', 'x'], { detach: false, env: ['nd=1'] }],
    ['a cluster that ends in a variable', ['-dteFOO=1', 'x'], { tty: true, env: ['FOO=1'] }],
    ['a short option with =', ['-e=A=1', 'x'], { env: ['A=1'] }],
    ['options behind an argument', ['x', '-d'], { detach: true }],
    ['a parsed value', ['--count', '7', 'x'], { count: 7 }],
  ])('reads %s', async (_fact, argv, expected) => {
    const { options, args } = await parse(argv);
    expect(options).toMatchObject(expected);
    expect(args).toEqual(['x']);
  });

  it.each<[string, string[], string]>([
    ['an unknown flag', ['--bogus', 'x'], 'unknown flag: --bogus'],
    ['an unknown flag with a value', ['--bogus=1', 'x'], 'unknown flag: --bogus'],
    ['an unknown letter', ['-dz', 'x'], "unknown shorthand flag: 'z' in -z"],
    ['a missing value', ['x', '--name'], 'flag needs an argument: --name'],
    ['a missing value of a letter', ['x', '-n'], "flag needs an argument: 'n' in -n"],
    ['a missing value in a cluster', ['x', '-dn'], "flag needs an argument: 'n' in -dn"],
    [
      'a value of the wrong type',
      ['--count', 'ten', 'x'],
      'invalid argument "ten" for "--count" flag: must be a whole number from 0 to 9',
    ],
    [
      'a value out of range',
      ['--count', '10', 'x'],
      'invalid argument "10" for "--count" flag: must be a whole number from 0 to 9',
    ],
    [
      'a short flag that is neither on nor off',
      ['-d=maybe', 'x'],
      'invalid argument "maybe" for "-d, --detach" flag: true or false is needed',
    ],
    [
      'a flag that is neither on nor off',
      ['--detach=maybe', 'x'],
      'invalid argument "maybe" for "-d, --detach" flag: true or false is needed',
    ],
    ['too few arguments', [], "'boxlite try' requires at least 1 argument"],
  ])('refuses %s', async (_fact, argv, message) => {
    await expect(parse(argv)).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message,
        hint: "See 'boxlite try --help'.",
      }),
    );
  });

  it('suggests the flag that was meant', async () => {
    await expect(parse(['--detahc', 'x'])).rejects.toThrow(
      expect.objectContaining({ hint: "Did you mean --detach? See 'boxlite try --help'." }),
    );
  });

  it('refuses arguments where none are taken, and more than are taken', async () => {
    await expect(parse(['x'], { ...GRAMMAR, args: [] })).rejects.toThrow(
      "'boxlite try' accepts no arguments",
    );
    await expect(
      parse(['x', 'y'], { ...GRAMMAR, args: [{ name: 'A', summary: '' }] }),
    ).rejects.toThrow("'boxlite try' requires 1 argument");
  });

  it('leaves what follows the first argument alone when it belongs to a command', async () => {
    const parsed = await parse(['-d', 'image', '-t', '--bogus', '--', '-e'], {
      ...GRAMMAR,
      passThrough: true,
    });
    expect(parsed.args).toEqual(['image', '-t', '--bogus', '--', '-e']);
    expect(parsed.options).toMatchObject({ detach: true, tty: false });
  });

  it('leaves short flags with = behind the command alone', async () => {
    const parsed = await parse(['-d', 'image', '-t=false'], { ...GRAMMAR, passThrough: true });
    expect(parsed.args).toEqual(['image', '-t=false']);
    expect((await parse(['--', '-d=true'])).args).toEqual(['-d=true']);
  });

  it('takes what follows -- as arguments', async () => {
    expect((await parse(['--', '-d', '--bogus'])).args).toEqual(['-d', '--bogus']);
  });

  it('asks for help without the arguments it would need', async () => {
    expect((await parse(['--help'])).help).toBe(true);
    expect((await parse(['-h'])).help).toBe(true);
  });

  it('leaves -h to an option of that letter', async () => {
    const grammar = { ...GRAMMAR, options: { hostname: value('', 'NAME', { short: 'h' }) } };
    expect(await parse(['-h', 'web', 'x'], grammar)).toMatchObject({
      help: false,
      options: { hostname: 'web' },
    });
  });

  it('tells which options were given', async () => {
    expect([...(await parse(['-d', '--name', 'a', 'x'])).given]).toEqual(['detach', 'name']);
  });
});
