import { once } from 'node:events';
import { constants } from 'node:os';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { attach, type AttachOptions } from '../../../../src/cli/attach/attach.js';
import type { CommandContext } from '../../../../src/cli/process/context.js';
import { Interrupted } from '../../../../src/cli/process/interrupted.js';
import type { Execution } from '../../../../src/engine/exec/execution.js';
import { FakeTerminal, type FakeWorld, fakeWorld } from '../fake-world.js';
import { FakeExecution } from './fake-execution.js';

const PLAIN: AttachOptions = {
  tty: false,
  stdin: false,
  sigProxy: true,
  detachKeys: Uint8Array.of(16, 17),
  hint: 'it may still run',
};

function begin(options: Partial<AttachOptions> = {}, world: Partial<FakeWorld> = {}) {
  const whole = { ...fakeWorld(), ...world };
  const execution = new FakeExecution();
  const status = attach(whole as unknown as CommandContext, { ...PLAIN, ...options }, () =>
    Promise.resolve(execution.asExecution()),
  );
  return { world: whole, execution, status };
}

describe('attach', () => {
  it('passes both outputs on byte for byte and ends with the command’s code', async () => {
    const { world, execution, status } = begin();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    execution.stdout.write(bytes);
    execution.stderr.write('err');
    execution.exit(42);
    expect(await status).toBe(42);
    expect(world.stdout.bytes()).toEqual(bytes);
    expect(world.stderr.text()).toBe('err');
  });

  it('waits for output that comes after the exit is known', async () => {
    const { world, execution, status } = begin();
    execution.exit(0);
    expect(await status).toBe(0);
    expect(world.stdout.text()).toBe('');
  });

  it('holds the command back while the reader is slow, and loses nothing', async () => {
    const taken: Buffer[] = [];
    const waiting: (() => void)[] = [];
    const slow = new Writable({
      highWaterMark: 16,
      write(chunk: Buffer, _encoding, done) {
        taken.push(chunk);
        waiting.push(done);
      },
    });
    const { execution, status } = begin({}, { stdout: slow as unknown as FakeWorld['stdout'] });
    const chunks = Array.from({ length: 64 }, (_, i) => Buffer.alloc(1024, i));
    let accepted = 0;
    for (const chunk of chunks) {
      if (!execution.stdout.write(chunk)) break;
      accepted++;
    }
    expect(accepted).toBeLessThan(chunks.length);
    for (const chunk of chunks.slice(accepted + 1)) execution.stdout.write(chunk);
    execution.exit(0);
    const seen = { ended: false };
    void status.then(() => (seen.ended = true));
    while (!seen.ended) {
      waiting.shift()?.();
      await setImmediate();
    }
    waiting.shift()?.();
    await setImmediate();
    expect(Buffer.concat(taken).equals(Buffer.concat(chunks))).toBe(true);
  });

  it('sends stdin on, and its end', async () => {
    const { world, execution, status } = begin({ stdin: true });
    const received: Buffer[] = [];
    execution.stdin.on('data', (chunk: Buffer) => received.push(chunk));
    world.stdin.write('abc');
    world.stdin.end();
    await once(execution.stdin, 'end');
    execution.exit(0);
    await status;
    expect(Buffer.concat(received).toString()).toBe('abc');
  });

  it('does not mind a command that closes its stdin', async () => {
    const { world, execution, status } = begin({ stdin: true });
    execution.stdin.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    world.stdin.write('more');
    execution.exit(3);
    expect(await status).toBe(3);
  });

  it('ends with 141 when nobody reads stdout any more, and lets go of the box', async () => {
    const { world, execution, status } = begin();
    await setImmediate();
    world.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await status).toBe(141);
    expect(execution.detached).toBe(true);
  });

  it.each(['stdout', 'stderr'] as const)(
    'names a write to %s that failed, and lets go of the box',
    async (name) => {
      const { world, execution, status } = begin();
      await setImmediate();
      Object.assign(world.stderr, { fd: 2 });
      const errno = -constants.errno.ENOSPC;
      world[name].destroy(Object.assign(new Error('x'), { code: 'ENOSPC', errno }));
      await expect(status).rejects.toMatchObject({
        code: 'no-space',
        message: `write /dev/${name}: no space left on device`,
        hint: PLAIN.hint,
      });
      expect(execution.detached).toBe(true);
    },
  );
});

describe.each([false, true])('attach with a terminal: %s', (tty) => {
  it('forwards signals but CHLD, PIPE, URG, and those that the terminal stops us by', async () => {
    const { world, execution, status } = begin({ tty });
    await setImmediate();
    const kept = ['SIGCHLD', 'SIGPIPE', 'SIGURG', 'SIGTTIN', 'SIGTTOU'];
    const sent = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGQUIT', 'SIGABRT', 'SIGTERM'];
    for (const signal of [...kept, ...sent]) world.signals.emit(signal, signal);
    expect(execution.signals).toEqual(sent);
    execution.exit(0);
    await status;
    expect(world.signals.listenerCount('SIGTERM')).toBe(0);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ])('is forced out by the third %s with %i', async (signal, expected) => {
    const { world, execution, status } = begin({ tty });
    await setImmediate();
    for (let i = 0; i < 3; i++) world.signals.emit(signal, signal);
    expect(await status).toBe(expected);
    expect(execution.signals).toEqual([signal, signal]);
    expect(execution.detached).toBe(true);
    expect(world.stderr.text()).toBe('boxlite: got 3 SIGTERM/SIGINTs, forcefully exiting\n');
  });

  it('is ended by them with --sig-proxy=false, and the box goes on', async () => {
    const { world, execution, status } = begin({ tty, sigProxy: false });
    await setImmediate();
    world.signals.emit('SIGHUP', 'SIGHUP');
    await expect(status).rejects.toMatchObject({ signal: 'SIGHUP', status: 129 });
    expect(execution.signals).toEqual([]);
    expect(execution.detached).toBe(true);
  });

  it('gives up a start that a signal interrupts', async () => {
    const world = fakeWorld();
    const start = (_: unknown, signal: AbortSignal): Promise<Execution> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')));
      });
    const status = attach(world as unknown as CommandContext, { ...PLAIN, tty }, start);
    world.signals.emit('SIGINT', 'SIGINT');
    await expect(status).rejects.toThrow(Interrupted);
    await expect(status).rejects.toMatchObject({ status: 130 });
    expect(world.signals.listenerCount('SIGINT')).toBe(0);
  });
});

describe('the terminal of attach', () => {
  function terminal(options: Partial<AttachOptions> = {}, parts: Partial<FakeWorld> = {}) {
    const stdin = new FakeTerminal();
    const world = { ...fakeWorld(), ...parts };
    Object.assign(world.stdout, { isTTY: true, columns: 80, rows: 24 });
    return {
      stdin,
      ...begin(
        { tty: true, stdin: true, ...options },
        { ...world, stdin: stdin as unknown as FakeWorld['stdin'] },
      ),
    };
  }

  it('is raw while the command runs, and put back after it', async () => {
    const { stdin, execution, status } = terminal();
    await setImmediate();
    expect(stdin.modes).toEqual([true]);
    execution.exit(0);
    await status;
    expect(stdin.modes).toEqual([true, false]);
  });

  it('is put back when the connection to the box breaks', async () => {
    const { stdin, execution, status } = terminal();
    await setImmediate();
    execution.stdout.destroy(new Error('lost'));
    await expect(status).rejects.toThrow('lost');
    expect(stdin.modes).toEqual([true, false]);
  });

  it('sends SIGHUP before the end of the input when it is closed', async () => {
    const { stdin, execution, status } = terminal();
    await setImmediate();
    const before: string[][] = [];
    execution.stdin.on('finish', () => before.push([...execution.signals]));
    stdin.end();
    await once(execution.stdin, 'finish');
    expect(before).toEqual([['SIGHUP']]);
    execution.exit(129);
    expect(await status).toBe(129);
  });

  it('is neither raw nor read in the background, until a SIGCONT in the foreground', async () => {
    const where = { background: true };
    const { stdin, world, execution, status } = terminal(
      {},
      { inBackground: () => where.background },
    );
    stdin.write('typed at the shell');
    await setImmediate();
    world.signals.emit('SIGCONT', 'SIGCONT');
    await setImmediate();
    expect([stdin.modes, execution.stdin.read()]).toEqual([[], null]);

    where.background = false;
    world.signals.emit('SIGCONT', 'SIGCONT');
    await setImmediate();
    expect([stdin.modes, String(execution.stdin.read())]).toEqual([[true], 'typed at the shell']);
    execution.exit(0);
    await status;
    expect(stdin.modes).toEqual([true, false]);
  });

  it('is taken soon after a shell has brought a running job to the foreground', async () => {
    const where = { background: true };
    const { stdin, execution, status } = terminal({}, { inBackground: () => where.background });
    await setImmediate();
    where.background = false;
    stdin.write('a');
    expect(await once(execution.stdin, 'data')).toEqual([Buffer.from('a')]);
    execution.exit(0);
    await status;
    expect(stdin.modes).toEqual([true, false]);
  });

  it('is made raw again after a stop', async () => {
    const { stdin, world, execution, status } = terminal();
    await setImmediate();
    world.signals.emit('SIGCONT', 'SIGCONT');
    expect(stdin.modes).toEqual([true, false, true]);
    execution.exit(0);
    await status;
    expect(stdin.modes).toEqual([true, false, true, false]);
  });

  it('stays as the shell has set it when the command ends in the background', async () => {
    const where = { background: false };
    const { stdin, world, execution, status } = terminal(
      {},
      { inBackground: () => where.background },
    );
    await setImmediate();
    where.background = true;
    world.signals.emit('SIGCONT', 'SIGCONT');
    execution.exit(0);
    await status;
    expect(stdin.modes).toEqual([true]);
    expect(world.signals.listenerCount('SIGCONT')).toBe(0);
  });

  it('tells the size at once and whenever it changes', async () => {
    const { world, execution, status } = terminal();
    await setImmediate();
    Object.assign(world.stdout, { columns: 100, rows: 50 });
    world.stdout.emit('resize');
    expect(execution.sizes).toEqual([
      { rows: 24, cols: 80 },
      { rows: 50, cols: 100 },
    ]);
    execution.exit(0);
    await status;
    expect(world.stdout.listenerCount('resize')).toBe(0);
  });

  it('lets go at the detach keys with 0, and the box goes on', async () => {
    const { stdin, world, execution, status } = terminal();
    stdin.write(Buffer.from([104, 105, 16, 17, 106]));
    expect(await status).toBe(0);
    expect(execution.detached).toBe(true);
    expect(stdin.modes).toEqual([true, false]);
    expect(world.stderr.text()).toBe('read escape sequence\n');
    expect(execution.stdin.read()).toEqual(Buffer.from('hi'));
  });

  it('tells the command once that the terminal was closed, and waits for its end', async () => {
    const { stdin, world, execution, status } = terminal();
    await setImmediate();
    const gone = Object.assign(new Error('write EIO'), { code: 'EIO' });
    stdin.emit('error', gone);
    world.stdout.emit('error', gone);
    world.signals.emit('SIGHUP', 'SIGHUP');
    world.stdout.emit('error', gone);
    execution.stdout.write('for nobody');
    expect(execution.signals).toEqual(['SIGHUP', 'SIGHUP']);
    execution.exit(129);
    expect(await status).toBe(129);
    stdin.emit('error', gone);
  });

  it('lets go of the box when the terminal is closed and signals are not sent on', async () => {
    const { world, execution, status } = terminal({ sigProxy: false });
    await setImmediate();
    world.stdout.emit('error', Object.assign(new Error('write EIO'), { code: 'EIO' }));
    await expect(status).rejects.toThrow('write /dev/stdout: write EIO');
    expect(execution.signals).toEqual([]);
  });

  it('is put back when a signal ends the CLI', async () => {
    const { stdin, world, status } = terminal({ sigProxy: false });
    await setImmediate();
    world.signals.emit('SIGTERM', 'SIGTERM');
    await expect(status).rejects.toThrow(Interrupted);
    expect(stdin.modes).toEqual([true, false]);
  });
});

it('passes the output of a command that ends at once', async () => {
  const world = fakeWorld();
  const execution = new FakeExecution();
  execution.stdout.write('instant\n');
  execution.exit(0);
  const status = attach(world as unknown as CommandContext, PLAIN, () =>
    Promise.resolve(execution.asExecution()),
  );
  expect(await status).toBe(0);
  expect(world.stdout.text()).toBe('instant\n');
  expect(world.stdin).toBeInstanceOf(PassThrough);
});
