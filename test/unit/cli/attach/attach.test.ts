import { once } from 'node:events';
import { constants } from 'node:os';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { attach } from '../../../../src/cli/attach/attach.js';
import type { CommandContext } from '../../../../src/cli/process/context.js';
import { Interrupted } from '../../../../src/cli/process/interrupted.js';
import type { Execution } from '../../../../src/engine/exec/execution.js';
import { type FakeWorld, fakeWorld } from '../fake-world.js';
import { beginAttach as begin, PLAIN } from './begin-attach.js';
import { FakeExecution } from './fake-execution.js';

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
