import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { LIMITS, SHIM_FLAGS } from '../../src/agent/protocol.js';
import { appears, commandOf, gone } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, EXEC, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

describe('lifeline', () => {
  test('ends a start whose starter has died', async () => {
    await using harness = await ShimHarness.make();
    const { shim } = await harness.start();
    await shim.statusLine;
    shim.lifeline.destroy();
    await shim.exited;
    expect(await harness.record('boot-error')).toMatchObject({
      message: 'the process that started the box went away',
    });
    expect(existsSync(join(harness.directory, 'shim.sock'))).toBe(false);
  });

  test('does not matter any more once the command runs', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest, client } = await harness.running();
    shim.lifeline.destroy();
    guest.raw('stdout', 1, 'alive');
    await client.expectRaw('stdout', 1);
    await harness.client();
  });

  test('counts at any time while a template is made, which runs no command', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest } = await harness.start({ flags: SHIM_FLAGS.TEMPLATE });
    const client = await harness.client();
    client.send('exec', 1, EXEC);
    expect(await client.expect('refused', 1)).toMatchObject({ errno: 22 });
    shim.lifeline.destroy();
    await guest.closed;
    await shim.exited;
  });
});

describe('end', () => {
  const hook = (harness: ShimHarness) => {
    const file = join(harness.root, 'hook');
    return {
      file,
      onExit: ['/bin/sh', '-c', 'echo "$WORD $PWD" > "$FILE"'],
      onExitEnv: ['WORD=ran', `FILE=${file}`],
    };
  };

  test('runs on_exit with its own environment when nobody owns the end', async () => {
    await using harness = await ShimHarness.make();
    const { file, ...config } = hook(harness);
    const { guest } = await harness.running(config);
    guest.send('exited', 1, EXITED_0);
    guest.end();
    await appears(file);
    expect(readFileSync(file, 'utf8')).toBe('ran /\n');
  });

  test('leaves on_exit to a client that owns the end and handles it', async () => {
    await using harness = await ShimHarness.make();
    const { file, ...config } = hook(harness);
    const { shim, guest, client } = await harness.running(config);
    client.raw('ownExit', 0, '');
    guest.send('exited', 1, EXITED_0);
    await client.expect('exited', 1);
    guest.end();
    await client.expectRaw('gone', 0);
    client.raw('exitHandled', 0, '');
    await shim.exited;
    expect(existsSync(file)).toBe(false);
  });

  test('runs on_exit when the client that owns the end dies without handling it', async () => {
    await using harness = await ShimHarness.make();
    const { file, ...config } = hook(harness);
    const { guest, client } = await harness.running(config);
    client.raw('ownExit', 0, '');
    guest.send('exited', 1, EXITED_0);
    guest.end();
    await client.expect('exited', 1);
    await client.expectRaw('gone', 0);
    expect(existsSync(file)).toBe(false);
    client.close();
    await appears(file);
  });

  test('closes no connection before its process has ended', async () => {
    await using harness = await ShimHarness.make();
    const { shim, client } = await harness.running();
    client.raw('killVmm', 0, '');
    await client.closed;
    // A process that has released its memory has an empty command line.
    expect(commandOf(shim.pid)).toBe('');
  });

  test('lets the next shim in while a slow client still reads the last output', async () => {
    await using harness = await ShimHarness.make();
    const { guest, client } = await harness.running();
    client.send('exec', 2, EXEC);
    const session = (await guest.next()).session;
    client.socket.pause();
    for (let i = 0; i < 4; i += 1) guest.raw('stdout', session, Buffer.alloc(LIMITS.MAX_PAYLOAD));
    guest.send('exited', session, EXITED_0);
    guest.send('exited', 1, EXITED_0);
    guest.end();
    await gone(harness);
    await harness.start();
    client.socket.resume();
    for (let i = 0; i < 4; i += 1) await client.expectRaw('stdout', 2);
    await client.expect('exited', 2);
    await client.expect('exited', 1);
    await client.expectRaw('gone', 0);
    await client.closed;
    await harness.client();
  });

  test('asks the guest to shut down when it is terminated', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest, client } = await harness.running();
    shim.child.kill('SIGTERM');
    await guest.expect('shutdown', 0);
    guest.send('exited', 1, { code: 143, signal: 15, flags: 0 });
    guest.end();
    await client.expect('exited', 1);
    await client.expectRaw('gone', 0);
    await shim.exited;
    expect(await harness.record('exit')).toMatchObject({ code: 143, reason: 'exited' });
  });

  test('kills a VMM that a second SIGTERM is for', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest } = await harness.running();
    shim.child.kill('SIGTERM');
    await guest.expect('shutdown', 0);
    shim.child.kill('SIGTERM');
    await shim.exited;
    expect(await harness.record('exit')).toMatchObject({ code: 137, reason: 'killed' });
  });

  test('kills a VMM that goes on after its command has ended', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest, client } = await harness.running();
    guest.send('exited', 1, { code: 5, signal: 0, flags: 0 });
    await client.expect('exited', 1);
    await client.expectRaw('gone', 0); // ten seconds later
    await shim.exited;
    expect(await harness.record('exit')).toMatchObject({ code: 5, reason: 'exited' });
  });
});
