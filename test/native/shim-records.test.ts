import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { SHIM_FLAGS, STAGES } from '../../src/agent/protocol.js';
import { appears, lines } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

test('started.json says who runs and since when', async () => {
  await using harness = await ShimHarness.make();
  const { shim } = await harness.running();
  const record = await harness.record('started');
  expect(record).toMatchObject({
    shimPid: shim.pid,
    vmmPid: await shim.vmmPid(),
    shimStartTicks: Number(
      readFileSync(`/proc/${shim.pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[19],
    ),
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
  });
  expect(record.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  expect(Math.abs(Date.parse(String(record.at)) - Date.now())).toBeLessThan(60_000);
});

test('exit.json is there before anybody hears of the end', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  guest.send('exited', 1, { code: 137, signal: 9, flags: 3 });
  await client.expect('exited', 1);
  const record = { code: 137, signal: 9, oom: true, timedOut: true, reason: 'exited' };
  expect(await harness.record('exit')).toMatchObject({ ...record, logComplete: true, message: '' });
  guest.end();
  await client.expectRaw('gone', 0);
  expect(await harness.record('exit')).toMatchObject(record);
});

test('a VMM that is killed from outside leaves 137 and why', async () => {
  await using harness = await ShimHarness.make();
  const { shim, client } = await harness.running();
  process.kill(await shim.vmmPid(), 'SIGKILL');
  await client.expectRaw('gone', 0);
  expect(await harness.record('exit')).toMatchObject({
    code: 137,
    signal: 9,
    reason: 'vmm-died',
    message: 'the VMM was killed by signal 9',
    vmmSignal: 9,
  });
  await shim.exited;
  expect(readdirSync(harness.directory).sort()).toEqual([
    'console.log',
    'exit.json',
    'output.log',
    'started.json',
  ]);
});

test('a VMM that a client has killed leaves 137 and that it was asked for', async () => {
  await using harness = await ShimHarness.make();
  const { shim, client } = await harness.running();
  client.raw('killVmm', 0, '');
  await client.expectRaw('gone', 0);
  expect(await harness.record('exit')).toMatchObject({
    code: 137,
    reason: 'killed',
    vmmSignal: 0,
  });
  await shim.exited;
});

test('what the guest sent before its VMM ended still counts', async () => {
  await using harness = await ShimHarness.make();
  const { guest, client } = await harness.running();
  guest.raw('stdout', 1, 'last');
  guest.send('exited', 1, { code: 4, signal: 0, flags: 0 });
  guest.end();
  await client.expectRaw('stdout', 1);
  expect(await client.expect('exited', 1)).toMatchObject({ code: 4 });
  await client.expectRaw('gone', 0);
  expect(await harness.record('exit')).toMatchObject({ code: 4, reason: 'exited' });
});

test('boot-error.json tells the stage, the console and the VMM of a start that failed', async () => {
  await using harness = await ShimHarness.make();
  const { shim, guest } = await harness.start();
  const client = await harness.client();
  guest.end();
  await client.expectRaw('gone', 0);
  await shim.exited;
  expect(await harness.record('boot-error')).toEqual({
    stage: 'kernel',
    errno: 0,
    message: 'the VMM ended with status 7',
    vmmEnd: 'exited',
    vmmSignal: 0,
    oom: false,
    console: 'fake console: hello\n',
    vmm: 'fake vmm: a word on stderr\n',
  });
  expect(existsSync(join(harness.directory, 'exit.json'))).toBe(false);
});

test.each([
  ['ABRT', 'aborted', 6],
  ['KILL', 'signalled', 9],
  ['BUS', 'signalled', 7],
])(
  'boot-error.json tells a VMM that gave up from one that was killed: %s',
  async (signal, vmmEnd, vmmSignal) => {
    await using harness = await ShimHarness.make();
    const argv = ['/bin/sh', '-c', `kill -${signal} $$`];
    await harness.spawn(harness.config({ argv })).exited;
    expect(await harness.record('boot-error')).toMatchObject({ stage: 'vmm', vmmEnd, vmmSignal });
  },
);

test.runIf(process.getuid?.() === 0)('a full disk hides no end', async () => {
  await using harness = await ShimHarness.make();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'test', harness.directory]);
  try {
    // More than what is set aside has room for.
    const marker = join(harness.root, 'marker');
    const lines = 'i=0; while [ $i -lt 500 ]; do echo line $i >&9; i=$((i+1)); done';
    const script = `${lines}; echo > ${marker}; exec sleep 6000`;
    const shim = harness.spawn(harness.config({ consoleFd: 9, argv: ['/bin/sh', '-c', script] }));
    await appears(marker);
    const filler = join(harness.directory, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(2 ** 21))).toThrow('ENOSPC');
    process.kill(await shim.vmmPid(), 'SIGBUS');
    await shim.exited;
    expect(await harness.record('boot-error')).toMatchObject({ vmmSignal: 7, console: '' });
  } finally {
    execFileSync('umount', [harness.directory]);
  }
});

test('boot-error.json tells of a template whose guest powered off before it was ready', async () => {
  await using harness = await ShimHarness.make();
  const argv = ['/bin/sh', '-c', 'echo last words >&9'];
  const flags = SHIM_FLAGS.TEMPLATE;
  await harness.spawn(harness.config({ flags, consoleFd: 9, argv })).exited;
  expect(await harness.record('boot-error')).toMatchObject({
    stage: 'kernel',
    message: 'the VMM ended with status 0',
    console: 'last words\n',
  });
});

test('boot-error.json keeps what the guest said of a bootstrap that failed', async () => {
  await using harness = await ShimHarness.make();
  const { guest } = await harness.start();
  const client = await harness.client();
  guest.send('failed', 0, { errno: 5, stage: STAGES.DISKS, message: 'disk "x"\n\u001b[1m\xff' });
  await client.expect('failed', 0);
  const record = { stage: 'disks', errno: 5, message: 'disk "x"\n\u001b[1m\xff' };
  expect(await harness.record('boot-error')).toMatchObject(record);
  guest.end();
  await client.expectRaw('gone', 0);
  expect(await harness.record('boot-error')).toMatchObject(record);
});

test('console.log keeps the last part of a console that never stops', async () => {
  await using harness = await ShimHarness.make();
  const script = 'i=0; while [ $i -lt 500 ]; do echo line $i >&9; i=$((i+1)); done';
  const changes = { consoleLimit: 1_000, consoleFd: 9, argv: ['/bin/sh', '-c', script] };
  await harness.spawn(harness.config(changes)).exited;
  const last = await readFile(join(harness.directory, 'console.log'), 'utf8');
  const earlier = await readFile(join(harness.directory, 'console.log.1'), 'utf8');
  expect(last.length + earlier.length).toBeLessThanOrEqual(1_000);
  expect(last.endsWith('line 499\n')).toBe(true);
  expect((earlier + last).endsWith(lines(480, 500))).toBe(true);
});
