import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { FRAME_FLAGS, LIMITS } from '../../src/agent/protocol.js';
import { gone, logRecords } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, EXEC, EXITED_0, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

test('is logged with stream and time, whoever listens', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  client.close();
  guest.raw('stdout', 1, 'to nobody');
  guest.raw('stderr', 1, Buffer.from([0, 255]));
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await gone(harness);
  const log = await readFile(join(harness.directory, 'output.log'));
  const records = logRecords(log);
  expect(records.map(({ stream, data }) => [stream, data])).toEqual([
    [1, Buffer.from('to nobody')],
    [2, Buffer.from([0, 255])],
  ]);
  for (const { timeNs } of records)
    expect(Math.abs(Number(timeNs / 1_000_000n) - Date.now())).toBeLessThan(60_000);
});

test('goes on logging after what an earlier shim left torn', async () => {
  await using harness = await ShimHarness.make();
  const log = join(harness.directory, 'output.log');
  const whole = Buffer.from([...Array<number>(8).fill(0), 1, 0, 0, 0, 2, 0, 0, 0, 0x68, 0x69]);
  await writeFile(log, Buffer.concat([whole, whole.subarray(0, 17)]));
  const { guest } = await harness.running();
  guest.raw('stderr', 1, 'new');
  guest.send('exited', 1, EXITED_0);
  guest.end();
  await gone(harness);
  expect(logRecords(await readFile(log)).map(({ data }) => data.toString())).toEqual(['hi', 'new']);
});

test('gives credit as the slowest attached client does, and for the log when none is', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client: a } = await harness.running();
  guest.raw('stdout', 1, Buffer.alloc(1000));
  await a.expectRaw('stdout', 1);
  const b = await harness.client();
  b.raw('attach', 1, '');
  b.send('signal', 1, { signal: 10 });
  await guest.expect('signal', 1); // b is attached now
  guest.raw('stdout', 1, Buffer.alloc(500));
  await b.expectRaw('stdout', 1);
  a.send('credit', 1, { bytes: 1500 });
  // b owes credit for the last 500 bytes only: it attached after the first 1,000.
  expect(await guest.expect('credit', 1)).toEqual({ bytes: 1000 });
  b.send('credit', 1, { bytes: 100 });
  expect(await guest.expect('credit', 1)).toEqual({ bytes: 100 });
  b.close();
  expect(await guest.expect('credit', 1)).toEqual({ bytes: 400 });
  a.close();
  guest.raw('stdout', 1, Buffer.alloc(LIMITS.MAX_PAYLOAD));
  expect(await guest.expect('credit', 1)).toEqual({ bytes: LIMITS.MAX_PAYLOAD });
});

test('takes stdin from two clients, each with a window of its own', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client: a } = await harness.running();
  const b = await harness.client();
  b.raw('attach', 1, '');
  const chunk = Buffer.alloc(LIMITS.MAX_PAYLOAD, 'a');
  // Fills the guest's window, so that b's input must wait.
  for (let i = 0; i < 4; i += 1) a.raw('stdin', 1, chunk);
  for (let i = 0; i < 4; i += 1) await guest.expectRaw('stdin', 1);
  for (let i = 0; i < 4; i += 1) await a.expect('credit', 1);
  b.raw('stdin', 1, 'b', FRAME_FLAGS.EOF);
  a.send('signal', 1, { signal: 10 });
  await guest.expect('signal', 1);
  guest.send('credit', 1, { bytes: 10 });
  const frame = await guest.next();
  expect([frame.payload.toString(), frame.flags]).toEqual(['b', FRAME_FLAGS.EOF]);
  expect(await b.expect('credit', 1)).toEqual({ bytes: 1 });
});

test('refuses stdin of a client that has not attached', async () => {
  await using harness = await ShimHarness.make();
  await harness.running();
  const other = await harness.client();
  other.raw('stdin', 1, 'x');
  expect(await other.expect('refused', 1)).toMatchObject({ errno: 1 });
});

test('tells its start and end, and no output, to a starter that did not attach', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.start();
  const client = await harness.client();
  client.send('exec', 1, EXEC);
  await guest.expect('exec', 1);
  guest.send('started', 1, { pid: 1 });
  guest.raw('stdout', 1, 'x');
  guest.send('exited', 1, { code: 3, signal: 0, flags: 0 });
  await client.expect('started', 1);
  expect(await client.expect('exited', 1)).toMatchObject({ code: 3 });
  const late = await harness.client();
  late.raw('attach', 1, '');
  expect(await late.expect('exited', 1)).toMatchObject({ code: 3 });
});
