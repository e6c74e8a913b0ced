import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { BoxliteError } from '../../../../../src/errors.js';
import { FakeExecution } from '../../attach/fake-execution.js';
import { FakeTerminal, type FakeWorld, fakeWorld, runCli } from '../../fake-world.js';
import { fakeEngine, ID } from './fake-engine.js';

const NOT_HERE = new BoxliteError('image-not-found', 'No such image: alpine');

/** As of a write to /dev/full. */
function fullDevice(): Error {
  return Object.assign(new Error('write'), { code: 'ENOSPC', errno: -constants.errno.ENOSPC });
}

describe('run', () => {
  it('is the command’s output on both streams, and its code', async () => {
    const { engine, calls } = fakeEngine(42);
    expect(await runCli(['run', 'alpine', 'sh', '-c', 'x', '--rm'], engine)).toEqual({
      status: 42,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(calls.created[0]?.[0]).toMatchObject({
      rootfs: { image: 'alpine' },
      command: ['sh', '-c', 'x', '--rm'],
      pull: 'never',
    });
    expect(calls.removed).toEqual([]);
  });

  it('prints the full id with -d', async () => {
    const { engine, calls } = fakeEngine();
    expect(await runCli(['run', '-dt', '--name', 'web', 'alpine'], engine)).toEqual({
      status: 0,
      stdout: `${ID}\n`,
      stderr: '',
    });
    expect(calls.created[0]?.[1]).toBe('web');
  });

  it('keeps the image’s own command when none is given', async () => {
    const { engine, calls } = fakeEngine();
    await runCli(['run', 'alpine'], engine);
    expect(calls.created[0]?.[0]).not.toHaveProperty('command');
  });

  it.each([
    ['exec-not-found', 127],
    ['exec-not-invocable', 126],
    ['boot-failed', 125],
  ] as const)(
    'ends a start that fails with %s as %i, and removes a box with --rm',
    async (code, status) => {
      const start = new BoxliteError(code, 'exec: "nope" not found');
      for (const flags of [[], ['-d']]) {
        const { engine, calls } = fakeEngine(0, { start });
        const outcome = await runCli(['run', '--rm', ...flags, 'alpine', 'nope'], engine);
        expect(outcome).toEqual({
          status,
          stdout: '',
          stderr: 'boxlite: exec: "nope" not found\n',
        });
        expect(calls.removed).toEqual([ID]);
      }
    },
  );

  it('refuses -it where no terminal is, but neither -t nor -dit', async () => {
    const { engine, calls } = fakeEngine(3);
    expect((await runCli(['run', '-t', 'alpine'], engine)).status).toBe(3);
    expect((await runCli(['run', '-dit', 'alpine'], engine)).status).toBe(0);
    expect((await runCli(['run', '-it', '-a', 'stdout', 'alpine'], engine)).status).toBe(3);
    calls.created.length = 0;
    const outcome = await runCli(['run', '-it', 'alpine'], engine);
    expect([outcome.status, outcome.stdout]).toEqual([125, '']);
    expect(outcome.stderr).toMatch(/^boxlite: the input device is not a TTY\n/);
    expect(calls.created).toEqual([]);
  });

  it.each(['-i', '-d'])(
    '%s names what can’t be written, and with --rm leaves a box that runs',
    async (flag) => {
      const { engine, calls } = fakeEngine();
      const world = fakeWorld();
      world.stdout._write = (_chunk, _encoding, done) => done(fullDevice());
      const outcome = await runCli(['run', '--rm', flag, 'alpine'], engine, world);
      expect(outcome.status).toBe(125);
      expect(outcome.stderr).toMatch(
        /^(err\n)?boxlite: write \/dev\/stdout: no space left on device\nthe box may still run: /,
      );
      expect(calls.removed).toEqual([]);
    },
  );

  it('starts with the size of the terminal', async () => {
    const { engine, calls } = fakeEngine();
    const world = { ...fakeWorld(), stdin: new FakeTerminal() as unknown as FakeWorld['stdin'] };
    Object.assign(world.stdout, { isTTY: true, columns: 100, rows: 40 });
    await runCli(['run', '-it', 'alpine'], engine, world);
    expect(calls.started).toMatchObject([{ cold: false, terminal: { rows: 40, cols: 100 } }]);
  });

  it('pulls a missing image on stderr, and says so as Docker does', async () => {
    const { engine, calls } = fakeEngine(0, { create: NOT_HERE });
    const { stdout, stderr } = await runCli(['run', 'alpine', 'true'], engine);
    expect(stdout).toBe('out\n');
    expect(stderr).toBe(
      [
        "Unable to find image 'alpine:latest' locally",
        'Using default tag: latest',
        'latest: Pulling from library/alpine',
        '4a4a4a4a4a4a: Pulling fs layer',
        '4a4a4a4a4a4a: Download complete',
        '4a4a4a4a4a4a: Pull complete',
        `Digest: sha256:${'4a'.repeat(32)}`,
        'Status: Downloaded newer image for alpine:latest',
        'err',
        '',
      ].join('\n'),
    );
    expect([calls.pulled, calls.created.length]).toEqual([['alpine'], 2]);
  });

  it('pulls without a word with -q, always with --pull always, never with --pull never', async () => {
    const quiet = fakeEngine(0, { create: NOT_HERE });
    expect((await runCli(['run', '-q', 'alpine'], quiet.engine)).stderr).toBe('err\n');
    const always = fakeEngine();
    await runCli(['run', '--pull', 'always', 'alpine'], always.engine);
    expect(always.calls.pulled).toEqual(['alpine']);
    const never = fakeEngine(0, { create: NOT_HERE });
    expect(await runCli(['run', '--pull=never', 'alpine'], never.engine)).toMatchObject({
      status: 125,
      stderr: 'boxlite: No such image: alpine\n',
    });
    expect(never.calls.pulled).toEqual([]);
  });
});

describe('a signal', () => {
  const interrupted = async (when: 'create' | 'start', flags: string[]) => {
    const { engine, calls } = fakeEngine();
    const world = fakeWorld();
    const then = <T>(value: T): Promise<T> => {
      world.signals.emit('SIGINT', 'SIGINT');
      return Promise.resolve(value);
    };
    const { create } = engine as { create: (...given: unknown[]) => Promise<{ start: unknown }> };
    const box = await create({});
    Object.assign(engine, { create: () => (when === 'create' ? then(box) : Promise.resolve(box)) });
    if (when === 'start') {
      // Some time passes until it has been undone; timeout(1) has sent its signal twice by then.
      const stuck = ({ signal }: { signal: AbortSignal }): Promise<never> => {
        setImmediate(() => world.signals.emit('SIGINT', 'SIGINT'));
        return new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => {
            expect(world.signals.emit('SIGINT', 'SIGINT')).toBe(true);
            setImmediate(() => reject(new BoxliteError('cancelled', 'the start was cancelled')));
          });
        });
      };
      Object.assign(box, { start: stuck, startAttached: stuck });
    }
    const { status, stderr } = await runCli(['run', ...flags, 'busybox'], engine, world);
    expect({ status, stderr }).toEqual({ status: 130, stderr: '' });
    expect(world.signals.listenerCount('SIGINT')).toBe(0);
    return calls;
  };

  it.each(['create', 'start'] as const)('during %s leaves no box with --rm', async (when) => {
    for (const mode of [[], ['-d']]) {
      expect((await interrupted(when, ['--rm', ...mode])).removed).toEqual([ID]);
      expect((await interrupted(when, mode)).removed).toEqual([]);
    }
  });

  it('that comes when the command has just started is sent on to it', async () => {
    const { engine } = fakeEngine();
    const world = fakeWorld();
    const execution = new FakeExecution();
    const startAttached = (): Promise<FakeExecution> => {
      world.signals.emit('SIGTERM', 'SIGTERM');
      setImmediate(() => execution.exit(143));
      return Promise.resolve(execution);
    };
    const { create } = engine as { create: (...given: unknown[]) => Promise<object> };
    const box = Object.assign(await create({}), { startAttached });
    Object.assign(engine, { create: () => Promise.resolve(box) });
    const { status } = await runCli(['run', '--rm', 'busybox'], engine, world);
    expect([status, execution.signals]).toEqual([143, ['SIGTERM']]);
  });

  it('during create starts nothing', async () => {
    expect((await interrupted('create', [])).started).toEqual([]);
  });
});
