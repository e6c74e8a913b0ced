import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/index.js';
import { fakeWorld, runCli } from './fake-world.js';

describe('boxlite', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])('%j prints the overview', async (argv) => {
    const { status, stdout, stderr } = await runCli(argv);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: {2}boxlite \[OPTIONS\] COMMAND\n/);
    expect(stdout).toMatch(/\n {2}run +Create a box from an image and run a command in it\n/);
    expect(stdout).not.toContain('__on-exit');
  });

  it.each(COMMANDS.map(({ name }) => name))('%s --help prints its usage', async (name) => {
    const { status, stdout, stderr } = await runCli([...name.split(' '), '--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.startsWith(`Usage:  boxlite ${name}`)).toBe(true);
    expect((await runCli(['help', ...name.split(' ')])).stdout).toBe(stdout);
  });

  it('prints help in full for a command', async () => {
    expect((await runCli(['stop', '--help'])).stdout).toBe(
      [
        'Usage:  boxlite stop [OPTIONS] BOX [BOX...]',
        '',
        'Stop boxes',
        '',
        'Asks the command to end, kills it when it does not, and prints each name it was given.',
        '',
        'Arguments:',
        '  BOX   Name or id',
        '',
        'Options:',
        "  -s, --signal SIGNAL     Signal to ask with (default: the image's, else TERM)",
        '  -t, --timeout SECONDS   Seconds to wait before killing; -1 waits for ever (default 10)',
        '',
        'Examples:',
        '  # Killed after two seconds',
        '  boxlite stop -t 2 web',
        '',
        "Global options are listed by 'boxlite --help'.",
        '',
      ].join('\n'),
    );
  });

  it('lists what can follow a word that begins several commands', async () => {
    const { status, stdout } = await runCli(['image']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: {2}boxlite image COMMAND\n[^]*\n {2}ls {8}List images\n/);
  });

  it.each<[string[], number, string]>([
    [
      ['rnu'],
      1,
      "boxlite: 'rnu' is not a boxlite command\nDid you mean 'run'? See 'boxlite --help'.\n",
    ],
    [
      ['image', 'sl'],
      1,
      "boxlite: 'image sl' is not a boxlite command\nDid you mean 'image ls'? See 'boxlite image --help'.\n",
    ],
    [
      ['push', 'x'],
      1,
      "boxlite: 'push' is not a boxlite command\nwrite an archive (boxlite save -o FILE IMAGE) and push that by another program (skopeo, crane)\n",
    ],
    [
      ['volume', 'ls'],
      1,
      "boxlite: 'volume' is not a boxlite command\nmount a directory of the host: run -v /path/on/host:/path/in/box\n",
    ],
    [['qqqqq'], 1, "boxlite: 'qqqqq' is not a boxlite command\nSee 'boxlite --help'.\n"],
    [['--bogus', 'ps'], 125, "boxlite: unknown flag: --bogus\nSee 'boxlite --help'.\n"],
    [
      ['--accel', 'warp', 'run', 'x'],
      125,
      'boxlite: invalid argument "warp" for "--accel" flag: must be one of auto, kvm, tcg\n' +
        "See 'boxlite --help'.\n",
    ],
    [
      ['run'],
      125,
      "boxlite: 'boxlite run' requires at least 1 argument\nSee 'boxlite run --help'.\n",
    ],
    [['ps', 'x'], 1, "boxlite: 'boxlite ps' accepts no arguments\nSee 'boxlite ps --help'.\n"],
  ])('%j ends with %i', async (argv, status, stderr) => {
    expect(await runCli(argv)).toEqual({ status, stdout: '', stderr });
  });

  it('takes its options before and behind the verb', async () => {
    const engine = { listInfo: () => Promise.resolve([]) };
    for (const argv of [
      ['--accel', 'tcg', 'ps', '-q'],
      ['ps', '-q', '--accel', 'tcg', '--no-color'],
    ])
      expect(await runCli(argv, engine)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('takes what stands behind the image for the command, its own options too', async () => {
    const commands: string[][] = [];
    const engine = {
      create: ({ command }: { command: string[] }) => {
        commands.push(command);
        return Promise.resolve({ id: 'x' });
      },
    };
    await runCli(['create', 'alpine', 'prog', '--home', '/x', '--help'], engine);
    expect(commands).toEqual([['prog', '--home', '/x', '--help']]);
  });

  it('calls what is no BoxliteError a bug', async () => {
    const engine = { listInfo: () => Promise.reject(new TypeError('oops')) };
    expect(await runCli(['ps'], engine, fakeWorld())).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'boxlite: this is a bug in BoxLite: TypeError: oops\n' +
        'Run it again with BOXLITE_DEBUG=1 to see where.\n',
    });
  });
});
