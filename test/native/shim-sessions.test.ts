import { beforeAll, expect, test, vi } from 'vitest';
import { encodeMessage } from '../../src/agent/codec.js';
import { FRAME_FLAGS, STAGES } from '../../src/agent/protocol.js';
import { pssKib } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, EXEC, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

test('keeps two clients that use the same numbers apart', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client: a } = await harness.running();
  const b = await harness.client();
  a.send('exec', 2, { ...EXEC, argv: ['a'] });
  const first = await guest.next();
  b.send('exec', 2, { ...EXEC, argv: ['b'] });
  const second = await guest.next();
  expect(first.session).not.toBe(second.session);
  expect(Math.min(first.session, second.session)).toBeGreaterThanOrEqual(2);
  guest.raw('stdout', second.session, 'for b');
  guest.raw('stdout', first.session, 'for a');
  expect((await a.expectRaw('stdout', 2)).toString()).toBe('for a');
  expect((await b.expectRaw('stdout', 2)).toString()).toBe('for b');
});

test('hangs up on the sessions of a client that has died, and on no others', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client: a } = await harness.running();
  const b = await harness.client();
  for (const number of [2, 3]) b.send('exec', number, EXEC);
  const [first, second] = [(await guest.next()).session, (await guest.next()).session];
  guest.send('started', first, { pid: 9 });
  guest.send('exited', first, EXITED_0);
  await b.expect('started', 2);
  await b.expect('exited', 2);
  b.close();
  await guest.expect('hangup', second);
  a.send('signal', 1, { signal: 10 });
  await guest.expect('signal', 1);
});

test('leaves a detached session running when its client leaves, and forgets it when it ends', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client: a } = await harness.running();
  const b = await harness.client();
  b.send('exec', 2, EXEC, FRAME_FLAGS.DETACHED);
  b.send('exec', 3, EXEC);
  const [detached, other] = [(await guest.next()).session, (await guest.next()).session];
  b.close();
  // Only the session that is not detached gets a hangup.
  await guest.expect('hangup', other);
  guest.send('started', detached, { pid: 9 });
  guest.send('exited', detached, EXITED_0);
  guest.raw('stdout', detached, 'of a session that is no more');
  a.send('signal', 1, { signal: 10 });
  await guest.expect('signal', 1);
});

test('lets what a client sent before it left arrive', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running();
  const client = await harness.client();
  client.send('exec', 2, EXEC);
  client.raw('stdin', 2, 'last words', FRAME_FLAGS.EOF);
  client.socket.end();
  const session = (await guest.next()).session;
  expect((await guest.expectRaw('stdin', session)).toString()).toBe('last words');
  await guest.expect('hangup', session);
});

test('drops frames of the guest for sessions that nobody has', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  guest.raw('stdout', 77, 'stray');
  guest.raw('stdout', 1, 'main');
  expect((await client.expectRaw('stdout', 1)).toString()).toBe('main');
});

test('refuses a second command for a session, a second main and unknown sessions', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  client.send('exec', 1, EXEC);
  expect(await client.expect('refused', 1)).toMatchObject({ errno: 16 });
  client.send('exec', 2, EXEC);
  await guest.next();
  client.send('exec', 2, EXEC);
  expect(await client.expect('refused', 2)).toMatchObject({ errno: 16 });
  client.send('signal', 9, { signal: 9 });
  expect(await client.expect('refused', 9)).toMatchObject({ errno: 3 });
});

test('says nothing to what crosses the end of a session on the way', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  client.send('exec', 2, EXEC);
  const session = (await guest.next()).session;
  guest.send('failed', session, { errno: 2, stage: STAGES.EXEC, message: 'no' });
  await client.expect('failed', 2);
  client.raw('stdin', 2, 'late');
  client.send('exec', 3, EXEC);
  await guest.expect('exec', session + 1);
  expect(client.waiting).toBe(0);
});

test('passes a command on whose message needs several frames', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  const message = encodeMessage('exec', { ...EXEC, argv: ['x'.repeat(100_000)] });
  client.raw('exec', 2, message.subarray(0, 60_000), FRAME_FLAGS.MORE);
  client.raw('exec', 2, message.subarray(60_000));
  const [first, second] = [await guest.next(), await guest.next()];
  expect(first.session).toBe(second.session);
  expect(first.flags).toBe(FRAME_FLAGS.MORE);
  expect(Buffer.concat([first.payload, second.payload]).equals(message)).toBe(true);
});

test('ends 1,000 sessions without keeping anything of them', async () => {
  await using harness = await ShimHarness.make();
  const { shim, guest, client } = await harness.running();
  for (let number = 2; number < 1_002; number += 1) {
    client.send('exec', number, EXEC);
    const { session } = await guest.next();
    guest.send('started', session, { pid: 1 });
    guest.raw('stdout', session, 'hi');
    guest.send('exited', session, EXITED_0);
    await client.expect('started', number);
    await client.expectRaw('stdout', number);
    await client.expect('exited', number);
  }
  expect(pssKib(shim.pid)).toBeLessThan(2_048);
});

test('stays within 2 MiB with a box running and clients connected', async () => {
  await using harness = await ShimHarness.make();
  const { shim } = await harness.running();
  for (let i = 0; i < 8; i += 1) await harness.client();
  expect(pssKib(shim.pid)).toBeLessThan(2_048);
});
