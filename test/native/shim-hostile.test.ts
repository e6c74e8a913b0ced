import { beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeFrame } from '../../src/agent/frame.js';
import { LIMITS } from '../../src/agent/protocol.js';
import { BUILD_TIMEOUT_MS, buildShim, EXEC, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

describe('hostile guest', () => {
  const frame = (session: number, type: number, payload: Buffer) =>
    encodeFrame({ session, type, flags: 0, payload });
  const header = (length: number, reserved: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32LE(length, 0);
    bytes.writeUInt8(0x45, 8);
    bytes.writeUInt16LE(reserved, 10);
    return bytes;
  };

  test.each([
    ['a payload above the limit', header(LIMITS.MAX_PAYLOAD + 1, 0), /breaks the format/],
    ['a payload of 4 GiB', header(0xffff_ffff, 0), /breaks the format/],
    ['reserved bytes', header(0, 1), /breaks the format/],
    ['a frame that only clients send', frame(2, 0x02, Buffer.alloc(0)), /type 0x02/],
    ['a frame that only the shim sends', frame(0, 0xc3, Buffer.alloc(0)), /type 0xc3/],
    ['a second start', frame(1, 0x44, Buffer.alloc(4)), /impossible start/],
    ['an exit that is cut short', frame(1, 0x47, Buffer.alloc(11)), /impossible exit/],
    ['an exit code above 255', frame(1, 0x47, Buffer.alloc(12, 1)), /impossible exit/],
    ['credit for what it never got', frame(1, 0x04, Buffer.alloc(4, 1)), /never got/],
  ])('that sends %s is ended, and exit.json says why', async (_, bytes, message) => {
    await using harness = await ShimHarness.make();
    const { shim, guest, client } = await harness.running();
    guest.socket.write(bytes);
    await client.expectRaw('gone', 0);
    await shim.exited;
    const record = await harness.record('exit');
    expect(record).toMatchObject({ code: 137, reason: 'vmm-died', vmmSignal: 0 });
    expect(record.message).toMatch(message);
  });

  test('that sends more of main than its window is ended', async () => {
    await using harness = await ShimHarness.make();
    const { guest, client } = await harness.running();
    for (let i = 0; i < 5; i += 1) guest.raw('stdout', 1, Buffer.alloc(LIMITS.MAX_PAYLOAD));
    for (let i = 0; i < 4; i += 1) await client.expectRaw('stdout', 1);
    await client.expectRaw('gone', 0);
    expect((await harness.record('exit')).message).toMatch(/window/);
  });

  test('that reports a start nobody asked for fails to boot', async () => {
    await using harness = await ShimHarness.make();
    const { shim, guest } = await harness.start();
    guest.send('started', 1, { pid: 1 });
    await shim.exited;
    expect((await harness.record('boot-error')).message).toMatch(/impossible start/);
  });

  test('whose failure can not be read still leaves a boot error', async () => {
    await using harness = await ShimHarness.make();
    const { guest } = await harness.start();
    const client = await harness.client();
    guest.raw('failed', 0, Buffer.from([1, 2, 3]));
    await client.expectRaw('failed', 0);
    expect(await harness.record('boot-error')).toMatchObject({
      stage: 'unknown',
      message: "the guest reports a failure that can't be read",
    });
  });
});

describe('bad client', () => {
  test.each([
    ['a payload above the limit', Buffer.from([1, 0, 1, 0, 2, 0, 0, 0, 2, 0, 0, 0])],
    ['reserved bytes that are not zero', Buffer.from([0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0])],
  ])('that sends %s is dropped alone', async (_, bytes) => {
    await using harness = await ShimHarness.make();
    const { guest, client: good } = await harness.running();
    const bad = await harness.client();
    bad.send('exec', 2, EXEC);
    const session = (await guest.next()).session;
    bad.socket.write(bytes);
    await bad.closed;
    await guest.expect('hangup', session);
    guest.raw('stdout', 1, 'x');
    await good.expectRaw('stdout', 1);
  });

  test('that gives credit for what it never got is dropped', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running();
    client.send('credit', 1, { bytes: 1 });
    await client.closed;
  });

  test('that sends more stdin for main than its window is dropped', async () => {
    await using harness = await ShimHarness.make();
    const { guest, client } = await harness.running();
    for (let i = 0; i < 9; i += 1) client.raw('stdin', 1, Buffer.alloc(LIMITS.MAX_PAYLOAD));
    await client.closed;
    for (let i = 0; i < 4; i += 1) await guest.expectRaw('stdin', 1);
  });

  test('that dies in the middle of a frame leaves nothing in the stream to the guest', async () => {
    await using harness = await ShimHarness.make();
    const { guest, client } = await harness.running();
    const torn = await harness.client();
    torn.socket.end(
      encodeFrame({ session: 2, type: 2, flags: 0, payload: Buffer.alloc(99) }).subarray(0, 50),
    );
    await torn.closed;
    client.send('signal', 1, { signal: 10 });
    await guest.expect('signal', 1);
  });
});
