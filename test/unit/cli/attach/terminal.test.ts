import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { AttachOptions } from '../../../../src/cli/attach/attach.js';
import { Interrupted } from '../../../../src/cli/process/interrupted.js';
import { FakeTerminal, type FakeWorld, fakeWorld } from '../fake-world.js';
import { type Attached, beginAttach } from './begin-attach.js';

describe('the terminal of attach', () => {
  function terminal(
    options: Partial<AttachOptions> = {},
    parts: Partial<FakeWorld> = {},
    stdin = new FakeTerminal(),
  ): Attached & { stdin: FakeTerminal } {
    const world = { ...fakeWorld(), ...parts };
    Object.assign(world.stdout, { isTTY: true, columns: 80, rows: 24 });
    return {
      stdin,
      ...beginAttach(
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

  it('is put back before a stop by SIGTSTP, which the command does not get', async () => {
    const held: unknown[] = [];
    const stdin = new FakeTerminal();
    const { world, execution, status } = terminal(
      {},
      { stop: () => held.push([...stdin.modes], stdin.isPaused()) },
      stdin,
    );
    await setImmediate();
    world.signals.emit('SIGTSTP', 'SIGTSTP');
    expect([held, execution.signals]).toEqual([[[true, false], true], []]);
    world.signals.emit('SIGCONT', 'SIGCONT');
    expect(stdin.modes).toEqual([true, false, true]);
    stdin.write('a');
    expect(await once(execution.stdin, 'data')).toEqual([Buffer.from('a')]);
    execution.exit(0);
    await status;
    expect(stdin.modes).toEqual([true, false, true, false]);
    expect(world.signals.listenerCount('SIGTSTP')).toBe(0);
  });

  it('is made raw again after a stop in the background, where it is not put back', async () => {
    const where = { background: false };
    const { stdin, world, execution, status } = terminal(
      {},
      { inBackground: () => where.background },
    );
    await setImmediate();
    where.background = true;
    world.signals.emit('SIGTSTP', 'SIGTSTP');
    expect(stdin.modes).toEqual([true]);
    where.background = false;
    world.signals.emit('SIGCONT', 'SIGCONT');
    expect(stdin.modes).toEqual([true, false, true]);
    execution.exit(0);
    await status;
    expect(stdin.modes).toEqual([true, false, true, false]);
  });

  it.each([{ tty: false }, { stdin: false }])(
    'has SIGTSTP sent on where it is not raw: %j',
    async (options) => {
      const { world, execution, status } = terminal(options);
      await setImmediate();
      world.signals.emit('SIGTSTP', 'SIGTSTP');
      expect(execution.signals).toEqual(['SIGTSTP']);
      execution.exit(0);
      await status;
    },
  );

  it.each([{}, { stdin: false }])('is measured again after a stop: %j', async (options) => {
    const { world, execution, status } = terminal(options);
    await setImmediate();
    Object.assign(world.stdout, {
      _refreshSize: () => {
        Object.assign(world.stdout, { columns: 100, rows: 50 });
        world.stdout.emit('resize');
      },
    });
    world.signals.emit('SIGCONT', 'SIGCONT');
    expect(execution.sizes.at(-1)).toEqual({ rows: 50, cols: 100 });
    execution.exit(0);
    await status;
    expect(world.signals.listenerCount('SIGCONT')).toBe(0);
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
