import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/index.js';
import { runProgram } from '../../../src/cli/program.js';
import type { BoxliteRuntime } from '../../../src/engine/runtime.js';
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
      ['volume', 'update', 'data'],
      1,
      "boxlite: 'volume update' is not a boxlite command\nboxes are of one machine, not of a cluster: a volume stays as it was created\n",
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

  it.each([
    ...[
      'push',
      'image push',
      'builder prune',
      'buildx build',
      'build .',
      'image build',
      'compose up',
    ],
    ...['context ls', 'manifest inspect', 'plugin ls', 'stack deploy', 'swarm init', 'service ls'],
    ...['node ls', 'secret create', 'config ls', 'config create', 'config rm', 'config inspect'],
    ...['trust sign', 'search x', 'checkpoint ls', 'volume update', 'help push'],
    ...['system dial-stdio', 'push --help'],
  ])('says in one line why there is no %s', async (words) => {
    const { status, stdout, stderr } = await runCli(words.split(' '));
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^boxlite: '[a-z -]+' is not a boxlite command\n[^\n]{10,110}\n$/);
    expect(stderr).not.toContain('Did you mean');
  });

  it.each<[string[], string]>([
    [['-H', 'tcp://host:2375', 'ps'], '-H, --host is not supported'],
    [['--host=unix:///x.sock', 'ps'], '-H, --host is not supported'],
    [['-c', 'remote', 'ps'], '-c, --context is not supported'],
    [['--tls', 'ps'], '--tls is not supported'],
    [['--tlsverify', 'ps'], '--tlsverify is not supported'],
    [['--tlscacert', 'ca.pem', 'ps'], '--tlscacert is not supported'],
    [['--tlskey=key.pem', 'ps'], '--tlskey is not supported'],
  ])('refuses %j, as there is no daemon', async (argv, what) => {
    expect(await runCli(argv)).toEqual({
      status: 125,
      stdout: '',
      stderr: `boxlite: ${what}\nthere is no daemon to connect to: boxes are of this machine\n`,
    });
  });

  it('takes Docker’s other global options before the verb', async () => {
    const engine = { listInfo: () => Promise.resolve([]) };
    for (const argv of [
      ['-D', 'ps', '-q'],
      ['ps', '-qD'],
      ['--context', 'default', '-l', 'info', '--tls=false', '--tlsverify=false', 'ps', '-q'],
      ['-c', '', '-H', '', '--log-level=', 'ps', '-q'],
    ])
      expect(await runCli(argv, engine)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await runCli(['-l', 'loud', 'ps'], engine)).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(
        /^boxlite: invalid argument "loud" for "-l, --log-level" flag: must be one of debug, info/,
      ) as string,
    });
    expect(await runCli(['ps', '--host', 'x'], engine)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('unknown flag: --host') as string,
    });
  });

  it.each<[string[], boolean]>([
    [['-D', 'ps'], true],
    [['--debug', 'ps'], true],
    [['ps', '--debug'], true],
    [['-l', 'debug', 'ps'], true],
    [['ps'], false],
    [['-l', 'warn', 'ps'], false],
    [['create', 'alpine', 'prog', '-D', '--debug'], false],
  ])('%j shows where errors come from: %j', async (argv, expected) => {
    let debug = false;
    const world = Object.assign(fakeWorld(), { onDebug: () => (debug = true) });
    const engine = { listInfo: () => [], create: () => Promise.resolve({ id: 'x' }) };
    expect((await runCli(argv, engine, world)).status).toBe(0);
    expect(debug).toBe(expected);
  });

  it.each<[string[], number]>([
    [['ps'], 1],
    [['-l', 'info', 'ps'], 1],
    [['-l', 'warn', 'ps'], 0],
    [['--log-level', 'error', 'ps'], 0],
  ])('%j tells of what takes a while %i times', async (argv, count) => {
    const world = fakeWorld();
    await runProgram(
      argv,
      world,
      () => undefined,
      (_settings, onNotice) => {
        onNotice('making a template');
        return Promise.resolve({
          listInfo: () => Promise.resolve([]),
        } as unknown as BoxliteRuntime);
      },
    );
    expect(world.stderr.text()).toBe('boxlite: making a template\n'.repeat(count));
  });

  it('keeps what it says short, whatever it repeats', async () => {
    const long = 'x'.repeat(1_000_000);
    for (const argv of [
      [long],
      ['ps', `--${long}`],
      ['ps', '-f', `${long}=1`],
      ['ps', '-n', long],
    ]) {
      const { status, stderr } = await runCli(argv, { listInfo: () => Promise.resolve([]) });
      expect(status).toBe(1);
      expect(stderr.length).toBeLessThan(10_000);
      expect(stderr).toMatch(/… \(\d+ more characters\) …/);
    }
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
