import { beforeAll, expect, test, vi } from 'vitest';
import { encodeFrame } from '../../src/agent/frame.js';
import { LIMITS } from '../../src/agent/protocol.js';
import { FramePeer } from './shim/frame-peer.js';
import { pssKib } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, EXEC, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

test('a client that does not read stalls no other, and is dropped when the guest overruns it', async () => {
  await using harness = await ShimHarness.make();
  const { shim, guest, client: reader } = await harness.running();
  const stalled = await harness.client();
  stalled.send('exec', 2, EXEC);
  const session = (await guest.next()).session;
  stalled.socket.pause();
  // Only a hostile guest sends more than its window.
  const chunk = Buffer.alloc(LIMITS.MAX_PAYLOAD);
  for (let sent = 0; sent < 12 * 2 ** 20; sent += chunk.length) guest.raw('stdout', session, chunk);
  guest.raw('stdout', 1, 'still here');
  expect((await reader.expectRaw('stdout', 1)).toString()).toBe('still here');
  await guest.expect('hangup', session);
  expect(pssKib(shim.pid)).toBeLessThan(2_048);
});

test('holds all of a window for a client that does not read, in frames of one byte', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client: other } = await harness.running();
  const stalled = await harness.client();
  stalled.send('exec', 2, EXEC);
  const session = (await guest.next()).session;
  stalled.socket.pause();
  const frame = encodeFrame({ session, type: 0x45, flags: 0, payload: Buffer.from('x') });
  guest.socket.write(Buffer.concat(Array<Buffer>(LIMITS.WINDOW).fill(frame)));
  guest.send('exited', session, EXITED_0);
  guest.raw('stdout', 1, 'after');
  await other.expectRaw('stdout', 1);
  stalled.socket.resume();
  for (let i = 0; i < LIMITS.WINDOW; i += 1) await stalled.expectRaw('stdout', 2);
  await stalled.expect('exited', 2);
});

test('stops reading clients while the guest does not read, and can still be told to kill it', async () => {
  await using harness = await ShimHarness.make();
  const { shim, guest, client } = await harness.running();
  client.send('exec', 2, EXEC);
  await guest.next();
  guest.socket.pause();
  for (let i = 0; i < 400; i += 1) client.raw('stdin', 2, Buffer.alloc(LIMITS.MAX_PAYLOAD));
  const other = await harness.client();
  // The shim's loop runs once for each answer, and could read more stdin each time.
  for (let i = 0; i < 100; i += 1) {
    other.socket.write(encodeFrame({ session: 0, type: 0x90, flags: 0, payload: Buffer.alloc(0) }));
    await other.expect('refused', 0);
  }
  expect(client.socket.writableLength).toBeGreaterThan(20 * 2 ** 20);
  expect(pssKib(shim.pid)).toBeLessThan(4_096);
  other.raw('killVmm', 0, '');
  await other.expectRaw('gone', 0);
});

test('has room for who comes to kill it, however many gave up waiting for a guest that does not read', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  client.send('exec', 2, EXEC);
  await guest.next();
  guest.socket.pause();
  for (let i = 0; i < 40; i += 1) client.raw('stdin', 2, Buffer.alloc(LIMITS.MAX_PAYLOAD));
  for (let i = 0; i < 300; i += 1) {
    const other = await harness.client();
    other.send('exec', 2, EXEC);
    other.socket.destroySoon();
  }
  const last = await harness.client();
  last.raw('killVmm', 0, '');
  await last.expectRaw('gone', 0);
});

test('passes 32 MiB each way through one session, byte for byte', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  client.send('exec', 2, EXEC);
  const session = (await guest.next()).session;
  const total = 32 * 2 ** 20;
  const chunk = Buffer.alloc(LIMITS.MAX_PAYLOAD, 'boxlite-');
  // The window is four chunks; each later chunk waits for the credit of an earlier one.
  const pump = async (from: FramePeer, number: number, name: 'stdin' | 'stdout') => {
    for (let sent = 0; sent < total; sent += chunk.length) {
      if (sent >= LIMITS.WINDOW) await from.expect('credit', number);
      from.raw(name, number, chunk);
    }
    for (let i = 0; i < 4; i += 1) await from.expect('credit', number);
  };
  const drain = async (to: FramePeer, number: number, name: 'stdin' | 'stdout') => {
    for (let got = 0; got < total; got += chunk.length) {
      if (!(await to.expectRaw(name, number)).equals(chunk)) throw new Error('bytes differ');
      to.send('credit', number, { bytes: chunk.length });
    }
  };
  await Promise.all([pump(client, 2, 'stdin'), drain(guest, session, 'stdin')]);
  await Promise.all([pump(guest, session, 'stdout'), drain(client, 2, 'stdout')]);
});
