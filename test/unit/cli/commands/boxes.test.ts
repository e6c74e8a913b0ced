import { describe, expect, it } from 'vitest';
import { BoxliteError } from '../../../../src/errors.js';
import { FakeExecution } from '../attach/fake-execution.js';
import { runCli } from '../fake-world.js';

/** Verbs on boxes that exist: `web` and `db` do, nothing else. */
function fakeEngine(): { engine: object; calls: string[] } {
  const calls: string[] = [];
  const note = (text: string): Promise<void> => {
    calls.push(text);
    return Promise.resolve();
  };
  const box = (name: string): object => ({
    id: name,
    name,
    start: () => note(`start ${name}`),
    stop: (options: object) => note(`stop ${name} ${JSON.stringify(options)}`),
    kill: (signal: string) => note(`kill ${name} ${signal}`),
    update: (changes: object) => note(`update ${name} ${JSON.stringify(changes)}`),
    wait: () => Promise.resolve({ exitCode: name === 'web' ? 3 : 0 }),
    info: () => Promise.resolve({ tty: false, status: name === 'web' ? 'stopped' : 'running' }),
    startAttached: () => Promise.resolve(new FakeExecution().exit(7)),
    attach: () => Promise.resolve(new FakeExecution().exit(8)),
    exec: (command: object) => {
      calls.push(JSON.stringify(command));
      return Promise.resolve(new FakeExecution().exit(9));
    },
  });
  const engine = {
    get: (name: string) => Promise.resolve(['web', 'db'].includes(name) ? box(name) : undefined),
    remove: (name: string, { force }: { force: boolean }) => {
      if (name === 'none') return Promise.reject(new BoxliteError('box-not-found', 'gone'));
      if (name === 'db' && !force)
        return Promise.reject(new BoxliteError('box-running', 'box db is running', { hint: '-f' }));
      return note(`rm ${name}`);
    },
    handleExit: (id: string) => note(`exit ${id}`),
  };
  return { engine, calls };
}

const NO_SUCH = 'boxlite: No such box: none\nsee all boxes with `boxlite ps -a`\n';

describe('a verb on several boxes', () => {
  it.each<[string[], string[], string]>([
    [['start', 'web', 'db'], ['start web', 'start db'], 'web\ndb\n'],
    [['stop', 'web', 'db'], ['stop web {}', 'stop db {}'], 'web\ndb\n'],
    [
      ['stop', '-t', '-1', '-s', 'INT', 'web'],
      ['stop web {"stopSignal":"INT","timeoutSeconds":-1}'],
      'web\n',
    ],
    [['stop', '--time=3', 'web'], ['stop web {"timeoutSeconds":3}'], 'web\n'],
    [['kill', 'web'], ['kill web KILL'], 'web\n'],
    [
      ['update', '--cpus', '1.5', '--cpuset-cpus=0', '-c', '0', '--memory-swap', '-1', 'web'],
      ['update web {"cpus":1.5,"cpuShares":0,"cpusetCpus":"0"}'],
      'web\n',
    ],
    [
      ['update', '-m', '1g', '--memory-swap', '1g', '--memory-reservation', '512m', 'web'],
      ['update web {"memoryMib":1024,"memoryReservationMib":512}'],
      'web\n',
    ],
    [['kill', '-s', '15', 'web'], ['kill web 15'], 'web\n'],
    [['rm', 'web'], ['rm web'], 'web\n'],
    [['rm', '-fv', 'web', 'db'], ['rm web', 'rm db'], 'web\ndb\n'],
    [['wait', 'db', 'web'], [], '0\n3\n'],
    [['__on-exit', 'web'], ['exit web'], ''],
  ])('%j does it and prints the names it was given', async (argv, expected, stdout) => {
    const { engine, calls } = fakeEngine();
    expect(await runCli(argv, engine)).toEqual({ status: 0, stdout, stderr: '' });
    expect(calls).toEqual(expected);
  });

  it.each(['start', 'stop', 'kill', 'rm', 'wait'])(
    '%s tries all, prints those that worked, and ends with 1 for one that is missing',
    async (verb) => {
      const { engine } = fakeEngine();
      const outcome = await runCli([verb, 'none', 'web'], engine);
      expect([outcome.status, outcome.stderr]).toEqual([1, NO_SUCH]);
      expect(outcome.stdout).toBe(verb === 'wait' ? '3\n' : 'web\n');
    },
  );

  it('rm -f does not mind a missing box, and prints nothing for it', async () => {
    const { engine } = fakeEngine();
    expect(await runCli(['rm', '-f', 'none'], engine)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('rm of a running box fails with the way to do it', async () => {
    const { engine } = fakeEngine();
    expect(await runCli(['rm', 'db', 'web'], engine)).toEqual({
      status: 1,
      stdout: 'web\n',
      stderr: 'boxlite: box db is running\n-f\n',
    });
  });

  it.each<[string[], number]>([
    [['stop'], 1],
    [['stop', '-t', 'soon', 'web'], 1],
    [['stop', '-t', '-2', 'web'], 1],
    [['kill'], 1],
    [['rm', '--bogus', 'web'], 1],
    [['start'], 125],
    [['exec', 'web'], 125],
    [['exec', '--bogus', 'web', 'true'], 125],
  ])('%j is refused with %i', async (argv, status) => {
    const { engine, calls } = fakeEngine();
    const outcome = await runCli(argv, engine);
    expect([outcome.status, outcome.stdout, calls]).toEqual([status, '', []]);
    expect(outcome.stderr).toContain(`See 'boxlite ${argv[0] ?? ''} --help'.`);
  });
});

describe('start -a', () => {
  it.each([
    ['a stopped box starts it and ends with its code', 'web', 7],
    ['a running box joins it', 'db', 8],
    ['a missing box is 125', 'none', 125],
  ])('of %s', async (_fact, name, status) => {
    const { engine } = fakeEngine();
    expect(await runCli(['start', '-a', name], engine)).toMatchObject({ status, stdout: '' });
  });

  it('takes one box only', async () => {
    const { engine } = fakeEngine();
    expect((await runCli(['start', '-a', 'web', 'db'], engine)).status).toBe(125);
  });
});

describe('exec', () => {
  it('runs the command with its flags, and ends with its code', async () => {
    const { engine, calls } = fakeEngine();
    const argv = [
      'exec',
      '-i',
      '-e',
      'A=1=2',
      '-e',
      'UNSET',
      '-w',
      '/srv',
      '-u',
      'nobody',
      'web',
      '--',
      'ls',
      '-l',
      '-e',
    ];
    expect((await runCli(argv, engine)).status).toBe(9);
    expect(JSON.parse(calls[0] ?? '')).toMatchObject({
      argv: ['ls', '-l', '-e'],
      variables: ['UNSET', 'A=1=2'],
      directory: '/srv',
      runAs: 'nobody',
      stdinOpen: true,
    });
  });

  it('leaves stdin closed without -i', async () => {
    const { engine, calls } = fakeEngine();
    await runCli(['exec', 'web', 'true'], engine);
    expect(JSON.parse(calls[0] ?? '')).toMatchObject({ stdinOpen: false });
  });

  it('in a missing box is 125', async () => {
    const { engine } = fakeEngine();
    expect(await runCli(['exec', 'none', 'true'], engine)).toEqual({
      status: 125,
      stdout: '',
      stderr: NO_SUCH,
    });
  });

  it('-it without a terminal is refused, -t alone is not', async () => {
    const { engine, calls } = fakeEngine();
    expect((await runCli(['exec', '-it', 'web', 'sh'], engine)).status).toBe(125);
    expect(calls).toEqual([]);
    expect((await runCli(['exec', '-t', 'web', 'sh'], engine)).status).toBe(9);
  });
});
