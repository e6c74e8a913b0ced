import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { decodeTable, encodeMessage } from '../../src/agent/codec.js';
import { GENERATION, HEALTH_RECORD, LIMITS } from '../../src/agent/protocol.js';
import { lookUntil } from '../helpers/look-until.js';
import { BUILD_TIMEOUT_MS, buildShim, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

const check = (streak: number, output = '') => ({
  status: 3,
  result: 0,
  streak,
  exitCode: 1,
  startNs: 1n,
  endNs: 2n,
  output,
});

const pathOf = (harness: ShimHarness): string => join(harness.directory, 'health.bin');

async function payloads(harness: ShimHarness): Promise<Buffer[]> {
  if (!existsSync(pathOf(harness))) return [];
  return decodeTable('health', HEALTH_RECORD, await readFile(pathOf(harness))).checks;
}

test('the last five results are kept as they came, oldest first, however fast they come', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running();
  const output = 'x'.repeat(LIMITS.HEALTH_OUTPUT);
  for (let streak = 1; streak <= 200; streak += 1) guest.send('health', 0, check(streak, output));
  const kept = await lookUntil(
    () => payloads(harness),
    (all) => all.at(-1)?.equals(encodeMessage('health', check(200, output))) === true,
  );
  expect(kept.map((each) => each.readUInt32LE(2))).toEqual([196, 197, 198, 199, 200]);
  expect(readdirSync(harness.directory)).not.toContain('health.bin.new');
});

test('a result that is no such message is kept all the same: it is the guest’s business', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.running();
  guest.raw('health', 0, '!');
  const kept = await lookUntil(
    () => payloads(harness),
    (all) => all.length === 1,
  );
  expect(kept[0]?.toString()).toBe('!');
});

test('before the command runs there is no health', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.start();
  const client = await harness.client();
  guest.send('health', 0, check(1));
  guest.send('ready', 0, { generation: GENERATION, uptimeNs: 1n });
  await client.expect('ready', 0);
  expect(existsSync(pathOf(harness))).toBe(false);
});

test('a guest that sends more than a result may hold is killed, and the record says why', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  guest.send('health', 0, check(1, 'x'.repeat(LIMITS.HEALTH_OUTPUT + 100)));
  await client.expectRaw('gone', 0);
  expect((await harness.record('exit')).message).toMatch(/health has \d+ bytes/);
});

test('a request for statistics has a session of its own, which the answer ends', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  client.send('statsRequest', 2, { flags: 1 });
  const { session, payload } = await guest.next();
  expect(payload.readUInt32LE(0)).toBe(1);
  guest.raw('stats', session, 'first', 1);
  guest.raw('stats', session, 'last');
  await client.expectRaw('stats', 2);
  await client.expectRaw('stats', 2);
  client.send('statsRequest', 2, { flags: 0 });
  expect((await guest.next()).session).toBeGreaterThan(session);
});

test('so has one for an address', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  const address = { address: 1, prefix: 16, address6: Buffer.alloc(16), prefix6: 64 };
  client.send('netAddress', 2, { add: 1, ...address });
  const { session } = await guest.next();
  guest.send('netAddressed', session, {});
  await client.expect('netAddressed', 2);
  client.send('netAddress', 2, { add: 0, ...address });
  expect((await guest.next()).session).toBeGreaterThan(session);
});
