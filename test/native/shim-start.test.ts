import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { GENERATION, SHIM_FILE_FLAGS, SHIM_PHASES } from '../../src/agent/protocol.js';
import { lookUntil } from '../helpers/look-until.js';
import { FramePeer } from './shim/frame-peer.js';
import {
  BUILD_TIMEOUT_MS,
  buildShim,
  configMessage,
  prefixed,
  type RunningShim,
  ShimHarness,
} from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

test('says up and greets clients with generation, phase and pids', async () => {
  await using harness = await ShimHarness.make();
  const { shim } = await harness.start();
  expect(await shim.statusLine).toMatch(/^up \d+$/);
  const client = await FramePeer.connect(join(harness.directory, 'shim.sock'));
  expect(await client.expect('welcome', 0)).toMatchObject({
    generation: GENERATION,
    phase: SHIM_PHASES.STARTING,
    shimPid: shim.pid,
    vmmPid: await shim.vmmPid(),
  });
  client.close();
});

test('tells a client that comes late that the guest is ready', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.start();
  const first = await harness.client();
  guest.send('ready', 0, { generation: GENERATION, uptimeNs: 5n });
  await first.expect('ready', 0);
  const late = await harness.client();
  expect(await late.expect('ready', 0)).toMatchObject({ uptimeNs: 5n });
});

test('works in a directory whose path is longer than a socket address', async () => {
  await using harness = await ShimHarness.make(`a b/${'long'.repeat(40)}/box`);
  const shim = harness.spawn(harness.config());
  expect(await shim.statusLine).toMatch(/^up /);
  expect(statSync(join(harness.directory, 'shim.sock')).mode & 0o777).toBe(0o600);
  expect(statSync(join(harness.directory, 'qmp.sock')).mode & 0o777).toBe(0o600);
});

test('refuses a directory in which another shim runs, and leaves that one alone', async () => {
  await using harness = await ShimHarness.make();
  const { shim: first } = await harness.start();
  const second = harness.spawn(harness.config());
  expect(await second.statusLine).toMatch(/^failed jail 16 another shim runs in /);
  expect(existsSync(join(harness.directory, 'boot-error.json'))).toBe(false);
  await harness.client();
  expect(first.child.exitCode).toBeNull();
});

describe('the lock', () => {
  /** Starts a process that holds the lock until its stdin ends. */
  async function holderOf(path: string): Promise<ChildProcessByStdio<Writable, Readable, null>> {
    const holder = spawn('flock', [path, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.write('locked');
    await once(holder.stdout, 'data');
    return holder;
  }

  /** Resolves when the shim waits for a lock, according to the kernel's list (proc_locks(5)). */
  async function waiting(shim: RunningShim): Promise<void> {
    const waits = new RegExp(`-> FLOCK .* ${shim.pid} `);
    await lookUntil(
      () => readFile('/proc/locks', 'latin1'),
      (locks) => waits.test(locks),
    );
  }

  async function withDisk(harness: ShimHarness): Promise<{ disk: string; files: object[] }> {
    const disk = join(harness.root, 'disk');
    await writeFile(disk, '');
    return { disk, files: [{ fd: 20, flags: SHIM_FILE_FLAGS.WRITE, path: disk }] };
  }

  test('of a shim that has taken its socket away already is waited for', async () => {
    await using harness = await ShimHarness.make();
    const holder = await holderOf(harness.directory);
    const shim = harness.spawn(harness.config());
    await waiting(shim);
    holder.stdin.end();
    expect(await shim.statusLine).toMatch(/^up /);
  });

  test('of a VMM that has the disk open is waited for, and told when it stays', async () => {
    await using harness = await ShimHarness.make();
    const { disk, files } = await withDisk(harness);
    const holder = await holderOf(disk);
    const patient = harness.spawn(harness.config({ files }));
    await waiting(patient);
    holder.stdin.end();
    expect(await patient.statusLine).toMatch(/^up /);
    // Only the VMM holds the lock now.
    const second = harness.spawn(harness.config({ directory: harness.root, files }));
    expect(await second.statusLine).toBe(`failed jail 16 another virtual machine has ${disk} open`);
  });

  test('on the disk ends with the VMM', async () => {
    await using harness = await ShimHarness.make();
    const { disk, files } = await withDisk(harness);
    const { shim, guest } = await harness.start({ files });
    const isFree = () => spawnSync('flock', ['-n', disk, 'true']).status === 0;
    expect(isFree()).toBe(false);
    shim.child.kill('SIGKILL');
    await guest.closed;
    await lookUntil(() => Promise.resolve(isFree()), Boolean);
  });
});

test('takes over what a killed shim left, its records and its sockets', async () => {
  await using harness = await ShimHarness.make();
  const { shim, guest } = await harness.running();
  shim.child.kill('SIGKILL');
  await Promise.all([shim.exited, guest.closed]);
  expect(existsSync(join(harness.directory, 'shim.sock'))).toBe(true);
  await harness.start();
  expect(existsSync(join(harness.directory, 'started.json'))).toBe(false);
  await harness.client();
});

test.each([
  ['ends at once', Buffer.alloc(0), /failed jail \d+ configuration: it ends after 0 of 4 bytes/],
  ['claims 4 GiB', Buffer.from([255, 255, 255, 255]), /failed jail \d+ .*are more than/],
  [
    'is cut short',
    prefixed(Buffer.from([GENERATION, 0, 0, 0, 0, 0])),
    /failed jail \d+ .*cut short/,
  ],
  [
    'is of another generation',
    prefixed(Buffer.from([99, 0, 0, 0])),
    /failed jail \d+ the engine speaks protocol generation 99, this shim \d+/,
  ],
])('refuses a configuration that %s', async (_, message, line) => {
  await using harness = await ShimHarness.make();
  const shim = harness.spawn(message);
  shim.lifeline.end();
  expect(await shim.statusLine).toMatch(line);
});

test.each([
  ['a descriptor given twice', { qmpFd: 11 }, /descriptor 11 is given twice/],
  ['a descriptor of our own', { qmpFd: 2 }, /qmpFd is 2/],
  ['a relative program', { argv: ['qemu'] }, /argv\[0\] is not an absolute path/],
  ['no program', { argv: [] }, /argv\[0\] is not an absolute path/],
  ['a NUL in a string', { box: 'a\0b' }, /box holds a NUL/],
  ['a relative directory', { directory: 'x' }, /directory is not an absolute path/],
  ['a directory that is not there', { directory: '/nowhere/x' }, /change to \/nowhere\/x/],
  ['a relative register of ids', { idDirectory: 'x' }, /idDirectory is not an absolute path/],
  [
    'more users than there are',
    { idDirectory: '/x', firstId: 2 ** 31, idRanges: 2 ** 15 },
    /there are no 32768 ranges from 2147483648 on/,
  ],
])('refuses %s', async (_, changes, line) => {
  await using harness = await ShimHarness.make();
  const shim = harness.spawn(harness.config(changes));
  expect(await shim.statusLine).toMatch(line);
});

test('refuses bytes after the configuration', async () => {
  await using harness = await ShimHarness.make();
  const message = configMessage(harness.config()).subarray(4);
  const shim = harness.spawn(prefixed(Buffer.concat([message, Buffer.from([0])])));
  expect(await shim.statusLine).toMatch(/1 bytes follow its end/);
});

test.each([
  ['vmm', { argv: ['/nowhere/qemu'] }, 2, /run \/nowhere\/qemu: No such file/],
  ['jail', { files: [{ fd: 20, flags: 0, path: '/nowhere/ram' }] }, 2, /open \/nowhere\/ram/],
  ['jail', { rlimits: [{ resource: 99, soft: 0n, hard: 0n }] }, 22, /limit a resource of the VMM/],
])('names stage %s, errno and step of a start that fails', async (stage, changes, errno, text) => {
  await using harness = await ShimHarness.make();
  const shim = harness.spawn(harness.config(changes));
  const line = await shim.statusLine;
  await shim.exited;
  expect(line.split(' ').slice(0, 3)).toEqual(['failed', stage, String(errno)]);
  expect(line).toMatch(text);
  expect(await harness.record('boot-error')).toMatchObject({ stage, errno });
  expect(existsSync(join(harness.directory, 'shim.sock'))).toBe(false);
});
