import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/index.js';
import { GLOBAL_OPTIONS } from '../../../src/cli/config/settings.js';
import type { CommandDefinition, Option } from '../../../src/cli/parse/command.js';
import { parseArguments } from '../../../src/cli/parse/parse-arguments.js';
import { BoxliteError } from '../../../src/errors.js';
import { runCli } from './fake-world.js';

/** A command whose only mistake is the option under test. */
interface Case {
  readonly title: string;
  readonly command: CommandDefinition;
  readonly name: string;
  readonly option: Option<unknown>;
}

const CASES: Case[] = [];
for (const entry of COMMANDS) {
  const command = await entry.load();
  const options = { ...GLOBAL_OPTIONS, ...command.options };
  for (const [name, option] of Object.entries(options))
    CASES.push({ title: `${command.name} --${name}`, command, name, option });
}

/** Between them every option that takes a value takes one of these, unless it takes none at all. */
const VALUES = [
  ...['1', 'x', '512m', '/x=y', 'stdin', 'missing', 'default', 'auto', 'box', 'nofile=1'],
  ...['30s', 'no', '/a:/b', 'type=tmpfs,dst=/x', 'K=V', '10g', 'size=10g'],
  ...['10mbit', '1gbit'],
];
/** And this one is a mistake wherever there can be a mistake. */
const NONSENSE = ' no such thing ';

const isKnown = (option: Option<unknown>, value: string): boolean =>
  complaint(option, value) === '';

function complaint(option: Option<unknown>, value: string): string {
  try {
    option.parse(value);
    return '';
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    return error.message;
  }
}

function sampleOf(option: Option<unknown>): string | undefined {
  const { complete } = option;
  const words = Array.isArray(complete) ? (complete as string[]) : [];
  return [...words, ...VALUES].find((value) => isKnown(option, value));
}

function isRefused(option: Option<unknown>): boolean {
  try {
    option.parse('true');
    return false;
  } catch (error) {
    return error instanceof BoxliteError && error.code === 'unsupported';
  }
}

/** Words that satisfy the command's arguments. */
const operands = ({ args }: CommandDefinition): string[] =>
  args.filter(({ optional }) => optional !== true).map(() => 'operand');

async function valueOf({ command, name }: Case, words: readonly string[]): Promise<unknown> {
  const grammar = { ...command, options: { ...GLOBAL_OPTIONS, ...command.options } };
  const parsed = await parseArguments(grammar, [...words, ...operands(command)]);
  expect(parsed.args).toEqual(operands(command));
  expect(parsed.given.has(name)).toBe(true);
  return parsed.options[name];
}

/** What the program does with a command line that it must refuse before it touches anything. */
async function refusal(
  { command }: Case,
  words: readonly string[],
  tail: string[],
): Promise<string> {
  const argv = [...command.name.split(' '), ...words, ...tail];
  const outcome = await runCli(argv, untouchable);
  expect([outcome.status, outcome.stdout]).toEqual([command.failureStatus ?? 1, '']);
  return outcome.stderr;
}

const untouchable = new Proxy(
  {},
  {
    get: (_, name) => {
      if (name === 'then') return undefined;
      throw new Error(`the engine was asked for ${String(name)}`);
    },
  },
);

const both = ({ name, option }: Case): string =>
  option.short === undefined ? `--${name}` : `-${option.short}, --${name}`;
const help = ({ command }: Case): string => `See 'boxlite ${command.name} --help'.\n`;

const REFUSED = CASES.filter(({ option }) => isRefused(option));
const TAKEN = CASES.filter(({ option }) => !isRefused(option));
const FLAGS = TAKEN.filter(({ option }) => option.placeholder === undefined);
const VALUED = TAKEN.filter(({ option }) => option.placeholder !== undefined);

it('covers every command, and every kind of option', () => {
  expect(new Set(CASES.map(({ command }) => command.name)).size).toBe(COMMANDS.length);
  for (const cases of [REFUSED, FLAGS, VALUED]) expect(cases.length).toBeGreaterThan(20);
  expect(VALUED.filter(({ option }) => sampleOf(option) === undefined)).toEqual([]);
});

/** Where Docker's scripts give "" for nothing. */
it('takes an empty value of these for none', () => {
  const none = VALUED.filter(({ option }) => option.emptyIsNone === true);
  expect([...new Set(none.map(({ name }) => name))].sort()).toEqual([
    ...[
      'cidfile',
      'detach-keys',
      'domainname',
      'filter',
      'format',
      'hostname',
      'input',
      'ip',
      'ip6',
      'ipc',
    ],
    ...[
      'log-driver',
      'mac-address',
      'name',
      'output',
      'platform',
      'signal',
      'since',
      'stop-signal',
      'type',
      'until',
      'user',
      'workdir',
    ],
  ]);
});

describe.each(FLAGS)('$title', (each) => {
  const { name, option } = each;

  it('is on when given, and what its value says', async () => {
    expect(await valueOf(each, [`--${name}`])).toBe(true);
    for (const word of ['true', '1', 't', 'T', 'TRUE', 'True'])
      expect(await valueOf(each, [`--${name}=${word}`])).toBe(true);
    for (const word of ['false', '0', 'f', 'F', 'FALSE', 'False'])
      expect(await valueOf(each, [`--${name}=${word}`])).toBe(false);
    if (option.short === undefined) return;
    expect(await valueOf(each, [`-${option.short}`])).toBe(true);
    expect(await valueOf(each, [`-${option.short}=false`])).toBe(false);
  });

  it('counts as it was last given', async () => {
    expect(await valueOf(each, [`--${name}`, `--${name}=false`])).toBe(false);
    expect(await valueOf(each, [`--${name}=false`, `--${name}`])).toBe(true);
  });

  it('refuses another value', async () => {
    const stderr = await refusal(each, [`--${name}=maybe`], operands(each.command));
    const what = `invalid argument "maybe" for "${both(each)}" flag: true or false is needed`;
    expect(stderr).toBe(`boxlite: ${what}\n${help(each)}`);
  });
});

describe.each(VALUED)('$title', (each) => {
  const { name, option } = each;
  const sample = sampleOf(option) ?? '';

  it('takes a value behind a space, a sign or its letter', async () => {
    const parsed = option.parse(sample);
    const expected = option.repeatable ? [parsed] : parsed;
    const spellings = [[`--${name}`, sample], [`--${name}=${sample}`]];
    if (option.short !== undefined)
      spellings.push([`-${option.short}`, sample], [`-${option.short}${sample}`]);
    for (const words of spellings) expect(await valueOf(each, words)).toEqual(expected);
  });

  it('counts as it was last given, or each time', async () => {
    const parsed = option.parse(sample);
    const other = VALUES.findLast((value) => isKnown(option, value)) ?? sample;
    expect(await valueOf(each, [`--${name}=${sample}`, `--${name}=${other}`])).toEqual(
      option.repeatable ? [parsed, option.parse(other)] : option.parse(other),
    );
  });

  it('refuses to be the last word', async () => {
    const long = await refusal(each, [`--${name}`], []);
    expect(long).toBe(`boxlite: flag needs an argument: --${name}\n${help(each)}`);
    if (option.short === undefined) return;
    const short = await refusal(each, [`-${option.short}`], []);
    const what = `'${option.short}' in -${option.short}`;
    expect(short).toBe(`boxlite: flag needs an argument: ${what}\n${help(each)}`);
  });

  it('takes any text, or says what is wrong with it', async () => {
    const reason = complaint(option, NONSENSE);
    if (reason === '') {
      const expected = option.repeatable ? [option.parse(NONSENSE)] : option.parse(NONSENSE);
      expect(await valueOf(each, [`--${name}`, NONSENSE])).toEqual(expected);
      return;
    }
    const stderr = await refusal(each, [`--${name}`, NONSENSE], operands(each.command));
    const what = `invalid argument "${NONSENSE}" for "${both(each)}" flag: ${reason}`;
    expect(stderr).toBe(`boxlite: ${what}\n${help(each)}`);
  });
});

describe.each(VALUED.filter(({ option }) => option.emptyIsNone))('$title', (each) => {
  const { name, option } = each;
  const sample = sampleOf(option) ?? '';

  it('is not given when its value is empty', async () => {
    expect(await valueOf(each, [`--${name}`, ''])).toEqual(option.initial);
    expect(await valueOf(each, [`--${name}=`])).toEqual(option.initial);
    const parsed = option.parse(sample);
    expect(await valueOf(each, [`--${name}=${sample}`, `--${name}=`])).toEqual(
      option.repeatable ? [parsed] : option.initial,
    );
  });
});

describe.each(REFUSED)('$title', (each) => {
  const { name, option } = each;

  it('is known, and says what to do instead', async () => {
    const expected = `boxlite: ${both(each)} is not supported\n${option.summary}\n`;
    const words = option.placeholder === undefined ? [`--${name}`] : [`--${name}`, '1'];
    expect(await refusal(each, words, operands(each.command))).toBe(expected);
    expect(option.hidden).toBe(true);
    if (option.short === undefined) return;
    const short = option.placeholder === undefined ? [`-${option.short}`] : [`-${option.short}1`];
    expect(await refusal(each, short, operands(each.command))).toBe(expected);
  });
});

describe.each(await Promise.all(COMMANDS.map((entry) => entry.load())))('$name', (command) => {
  const words = command.name.split(' ');
  const status = command.failureStatus ?? 1;
  const hint = `See 'boxlite ${command.name} --help'.\n`;

  it('refuses a flag that there is not', async () => {
    expect(await runCli([...words, '--zzzzzzzz'], untouchable)).toEqual({
      status,
      stdout: '',
      stderr: `boxlite: unknown flag: --zzzzzzzz\n${hint}`,
    });
    expect(await runCli([...words, '-Z'], untouchable)).toEqual({
      status,
      stdout: '',
      stderr: `boxlite: unknown shorthand flag: 'Z' in -Z\n${hint}`,
    });
  });

  it('refuses fewer arguments than it needs, and more', async () => {
    const least = operands(command).length;
    if (least > 0) {
      const { stderr, ...outcome } = await runCli(words, untouchable);
      expect(outcome).toEqual({ status, stdout: '' });
      expect(stderr).toMatch(/^boxlite: 'boxlite [a-z_ -]+' requires (at least )?\d arguments?\n/);
    }
    if (command.args.some(({ variadic }) => variadic === true)) return;
    const many = Array.from({ length: command.args.length + 1 }, () => 'x');
    const { stderr, ...outcome } = await runCli([...words, ...many], untouchable);
    expect(outcome).toEqual({ status, stdout: '' });
    expect(stderr).toMatch(
      /^boxlite: 'boxlite [a-z_ -]+' (accepts no arguments|requires (at most )?\d arguments?)\n/,
    );
  });

  it('explains itself', async () => {
    const { status: ok, stdout, stderr } = await runCli([...words, '--help'], untouchable);
    expect([ok, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage:  boxlite ${command.name}`);
  });
});

/** What excludes each other, with the words that the refusal begins with. */
it.each<[string[], number, string]>([
  [
    ['run', '-d', '-a', 'stdout', 'x'],
    125,
    'conflicting options: cannot specify both --attach and',
  ],
  [
    ['run', '--rootfs', '/x', '--disk-size', '2g', '--storage-opt', 'size=1g'],
    ...([125, '--disk-size and --storage-opt size= differ'] as const),
  ],
  [
    ['run', '--rootfs', '/x', '-m', '1g', '--memory-swap', '2g'],
    ...([125, 'a box has no swap, and 1024 MiB of memory'] as const),
  ],
  [['run', '--disable-content-trust=false', 'x'], 125, 'signatures of images are not looked at'],
  [['start', '-a', 'x', 'y'], 125, 'only one box can be started and attached to'],
  [['run', '-it', 'x'], 125, 'the input device is not a TTY'],
  [['exec', '-it', 'x', 'y'], 125, 'the input device is not a TTY'],
  [['run'], 125, "'boxlite run' requires at least 1 argument"],
  [['create'], 125, "'boxlite create' requires at least 1 argument"],
  [['run', '--detach-keys', 'bogus', 'x'], 125, 'invalid detach keys "bogus"'],
  [['container', 'prune', '--filter', 'dangling=true'], 1, "invalid filter 'dangling=true'"],
  [['container', 'prune', '--filter', 'x=y'], 1, "invalid filter 'x'"],
  [['system', 'prune', '--filter', 'x=y'], 1, "invalid filter 'x'"],
])('refuses %j', async (argv, status, reason) => {
  const { stderr, ...outcome } = await runCli(argv, {});
  expect(outcome).toEqual({ status, stdout: '' });
  expect(stderr.startsWith(`boxlite: ${reason}`), stderr).toBe(true);
});
