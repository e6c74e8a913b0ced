import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { NO_ON_EXIT } from '../../src/agent/protocol.js';
import { appears, gone } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

const LONG_MS = 3_600_000;

/** A hook that writes its pid into a file, then runs the script. */
function hook(harness: ShimHarness, script = '') {
  const file = join(harness.root, 'hook');
  const onExit = ['/bin/sh', '-c', `echo $$ >> ${file}; ${script}`];
  return { file, config: { onExit, onExitEnv: ['PATH=/usr/bin:/bin'] } };
}

const pidsIn = (file: string): number[] =>
  readFileSync(file, 'utf8').trim().split('\n').map(Number);

test('the hook runs after its delay, and the shim stays until it has ended', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness);
  const { shim, guest } = await harness.running({ ...config, exitDelayMs: 50 });
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await shim.exited;
  expect(pidsIn(file)).toHaveLength(1);
});

test('a waiting shim has let go of its sockets and its lock', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness);
  const { shim, guest } = await harness.running({ ...config, exitDelayMs: LONG_MS });
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await gone(harness);
  await harness.running();
  expect([shim.child.exitCode, existsSync(file)]).toEqual([null, false]);
  shim.child.kill('SIGTERM');
  await shim.exited;
  expect(existsSync(file)).toBe(false);
});

test('SIGTERM while the hook waits gives those who are connected what is theirs', async () => {
  await using harness = await ShimHarness.make();
  const { config } = hook(harness);
  const started = await harness.running({ ...config, exitDelayMs: LONG_MS });
  const { shim, guest, client } = started;
  client.socket.pause();
  for (let i = 0; i < 3; i += 1) guest.raw('stdout', 1, Buffer.alloc(65_536));
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await gone(harness);
  shim.child.kill('SIGTERM');
  client.socket.resume();
  for (let i = 0; i < 3; i += 1) await client.expectRaw('stdout', 1);
  await client.expect('exited', 1);
  await client.expectRaw('gone', 0);
  await shim.exited;
});

test('SIGTERM while the hook runs ends both', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness, 'exec sleep 3600');
  const { shim, guest } = await harness.running({ ...config, exitDelayMs: 1 });
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await appears(file);
  shim.child.kill('SIGTERM');
  await shim.exited;
  expect(existsSync(`/proc/${pidsIn(file)[0] ?? 0}`)).toBe(false);
});

test('SIGTERM ends a hook that stands still, too', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness, 'kill -STOP $$');
  const { shim, guest } = await harness.running({ ...config, exitDelayMs: 1 });
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await appears(file);
  shim.child.kill('SIGTERM');
  await shim.exited;
  expect(existsSync(`/proc/${pidsIn(file)[0] ?? 0}`)).toBe(false);
});

test('a hook that was killed is run again', async () => {
  await using harness = await ShimHarness.make();
  // The first run of the hook sleeps, so that the test can kill it at any time.
  const second = `[ $(wc -l < ${join(harness.root, 'hook')}) -gt 1 ]`;
  const { file, config } = hook(harness, `${second} || exec sleep 3600`);
  const { shim, guest } = await harness.running({ ...config, exitDelayMs: 20 });
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await appears(file);
  process.kill(pidsIn(file)[0] ?? 0, 'SIGKILL');
  await shim.exited;
  expect(pidsIn(file)).toHaveLength(2);
});

test('a hook that fails on its own is not', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness, 'exit 1');
  const { shim, guest } = await harness.running({ ...config, exitDelayMs: 1 });
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await shim.exited;
  expect(pidsIn(file)).toHaveLength(1);
});

test('without a policy nothing is run, until a client gives the box one', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness);
  const first = await harness.running({ ...config, exitDelayMs: NO_ON_EXIT });
  first.guest.send('exited', 1, EXITED_0);
  first.guest.end();
  await first.shim.exited;
  expect(existsSync(file)).toBe(false);
  const second = await harness.running({ ...config, exitDelayMs: NO_ON_EXIT });
  second.client.send('exitDelay', 0, { delayMs: 1 });
  second.client.send('signal', 1, { signal: 15 });
  await second.guest.expect('signal', 1);
  second.guest.send('exited', 1, EXITED_0);
  second.guest.end();
  await second.shim.exited;
  expect(pidsIn(file)).toHaveLength(1);
});

test('a delayed hook is not run for a box whose command never ran', async () => {
  await using harness = await ShimHarness.make();
  const { file, config } = hook(harness);
  const { shim, guest } = await harness.start({ ...config, exitDelayMs: 1 });
  guest.end();
  await shim.exited;
  expect(existsSync(file)).toBe(false);
});
