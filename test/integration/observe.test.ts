import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeMessage } from '../../src/agent/codec.js';
import { Deferred } from '../../src/deferred.js';
import type { LogOptions } from '../../src/engine/report/logs.js';
import { observed, settle } from '../../src/engine/state/observe.js';
import type { Home } from '../../src/host/home.js';
import { identifyProcess } from '../../src/host/process-identity.js';
import type { BoxPatch, BoxRecord } from '../../src/store/box-record.js';
import { Database } from '../../src/store/database.js';
import type { BoxStatus } from '../../src/store/status.js';
import type { Script } from '../helpers/fake-shim.js';
import { lookUntil } from '../helpers/look-until.js';
import { giveShim, TINY, tinyRuntime } from '../helpers/tiny-runtime.js';

const STARTED = { at: '2026-11-05T10:00:00.000000000Z', shimPid: 11, vmmPid: 12 };
const STARTED_MS = Date.UTC(2026, 10, 5, 10);
const EXITED = { at: '2026-11-05T10:01:00Z', code: 3, signal: 0, oom: false, reason: 'exited' };

const alive: Script = (peer) => void peer.welcome();

const LAST_RUN: BoxPatch = {
  startedAt: 5_000,
  finishedAt: 6_000,
  exitCode: 1,
  exitSignal: 9,
  oomKilled: true,
  error: 'the virtual machine ended unexpectedly',
};

describe('while its shim answers', () => {
  test('a box whose starter was killed before writing it down is running', async () => {
    const box = await makeBox('configured');
    await giveShim(box.home, box.id, alive);
    leave(box, 'started', STARTED);
    expect(await observed(box.home, box.record())).toMatchObject({
      status: 'running',
      pid: 12,
      shimPid: 11,
      startedAt: STARTED_MS,
    });
  });

  test('a restart that nobody wrote down has nothing of the last run’s end', async () => {
    const box = await makeBox('stopped', LAST_RUN);
    await giveShim(box.home, box.id, alive);
    leave(box, 'started', STARTED);
    const running = {
      status: 'running',
      startedAt: STARTED_MS,
      finishedAt: null,
      exitCode: null,
      exitSignal: null,
      oomKilled: false,
      error: null,
    };
    expect(await observed(box.home, box.record())).toMatchObject(running);
    expect(await settle(box.home, box.database, box.record())).toMatchObject(running);
    expect(box.record()).toMatchObject(running);
  });

  test('a running box is running, and nothing is written down again', async () => {
    const box = await makeBox('running', { startedAt: STARTED_MS, pid: 12, shimPid: 11 });
    await giveShim(box.home, box.id, alive);
    leave(box, 'started', STARTED);
    const before = box.record();
    expect(await settle(box.home, box.database, before)).toEqual(before);
  });

  test('a box whose command has ended is stopped, though its VM still writes back', async () => {
    const box = await makeBox('running', { startedAt: STARTED_MS });
    await giveShim(box.home, box.id, alive);
    leave(box, 'started', STARTED);
    leave(box, 'exit', EXITED);
    expect(await observed(box.home, box.record())).toMatchObject({
      status: 'stopped',
      exitCode: 3,
    });
  });

  test('a box whose stopper was killed is running', async () => {
    const box = await makeBox('stopping', { startedAt: STARTED_MS });
    await giveShim(box.home, box.id, alive);
    leave(box, 'started', STARTED);
    expect(await observed(box.home, box.record())).toMatchObject({ status: 'running' });
  });
});

test('what the kernel tells of shim and VMM is enough, unless the shim itself is stopped', async () => {
  const box = await makeBox('running', { startedAt: STARTED_MS });
  // Asked, it would not be understood.
  await giveShim(box.home, box.id, (peer) => void peer.welcome({ generation: 999 }));
  const shim = spawn('sh', ['-c', 'sleep 600 & echo $!; wait']);
  onTestFinished(() => void shim.kill('SIGKILL'));
  const [line] = (await once(shim.stdout, 'data')) as [Buffer];
  const [vmmPid, who] = [Number(line), identifyProcess(shim.pid ?? 0)];
  onTestFinished(() => void process.kill(vmmPid, 'SIGKILL'));
  leave(box, 'started', {
    ...STARTED,
    shimPid: who?.pid,
    vmmPid,
    shimStartTicks: who?.startTicks,
    bootId: who?.bootId,
  });
  const look = () => observed(box.home, box.record());
  expect(await look()).toMatchObject({ status: 'running', paused: false });
  process.kill(vmmPid, 'SIGSTOP');
  await lookUntil(look, ({ paused }) => paused);
  process.kill(vmmPid, 'SIGCONT');
  await lookUntil(look, ({ paused }) => !paused);

  shim.kill('SIGSTOP');
  await lookUntil(look, ({ status }) => status === 'unknown');
});

test('an end that is recorded while the shim is asked is found', async () => {
  const box = await makeBox('running', { startedAt: STARTED_MS });
  await giveShim(box.home, box.id, (peer) => {
    leave(box, 'exit', EXITED);
    peer.socket.destroy();
  });
  leave(box, 'started', STARTED);
  expect(await observed(box.home, box.record())).toMatchObject({
    status: 'stopped',
    exitCode: 3,
    error: null,
  });
});

test('a shim that is killed while it is asked counts as killed', async () => {
  const box = await makeBox('running', { startedAt: STARTED_MS });
  await giveShim(box.home, box.id, (peer) => void peer.socket.destroy());
  leave(box, 'started', STARTED);
  expect(await observed(box.home, box.record())).toMatchObject({
    status: 'stopped',
    exitCode: 137,
  });
});

test('a shim of another generation makes its box unknown, and says so', async () => {
  const box = await makeBox('running', { startedAt: STARTED_MS });
  await giveShim(box.home, box.id, (peer) => void peer.welcome({ generation: 999 }));
  leave(box, 'started', STARTED);
  expect(await box.runtime.getInfo(box.id)).toMatchObject({ status: 'unknown' });
  expect((await observed(box.home, box.record())).error).toContain('generation 999');
});

test('a box that nobody wrote down as running can be killed', async () => {
  const box = await makeBox('configured');
  const signals: number[] = [];
  const both = new Deferred<undefined>();
  await giveShim(box.home, box.id, (peer) => {
    peer.welcome().on('signal', ({ payload }) => {
      if (signals.push(decodeMessage('signal', payload).signal) === 2) both.resolve(undefined);
    });
  });
  leave(box, 'started', STARTED);
  const handle = await box.runtime.get('web');
  await handle?.kill('TERM');
  await handle?.kill();
  await both.promise;
  expect(signals).toEqual([15, 9]);
});

test('a box that goes on is followed up to a time, and to that end of its output', async () => {
  const box = await makeBox('running', { startedAt: STARTED_MS });
  await giveShim(box.home, box.id, alive);
  const stamps = [STARTED_MS, STARTED_MS + 1].map((ms) => BigInt(ms) * 1_000_000n + 123_456n);
  const records = stamps.map((ns) => {
    const header = Buffer.alloc(16);
    header.writeBigUInt64LE(ns);
    header.writeUInt8(1, 8);
    header.writeUInt32LE(2, 12);
    return Buffer.concat([header, Buffer.from('x\n')]);
  });
  writeFileSync(box.home.boxFile(box.id, 'log'), Buffer.concat(records));
  const handle = await box.runtime.get('web');
  const read = async (options: LogOptions): Promise<bigint[]> => {
    const found: bigint[] = [];
    for await (const { timeNs } of handle?.logs({ follow: true, ...options }) ?? [])
      found.push(timeNs);
    return found;
  };
  const [first = 0n, second = 0n] = stamps;
  expect(await read({ until: first })).toEqual([first]);
  expect(await read({ until: new Date(STARTED_MS) })).toEqual([first]);
  expect(await read({ since: second, until: new Date(Date.now() + 50) })).toEqual([second]);
});

test('listing tells the truth of every box, and writes down only what nobody else can tell', async () => {
  const { home, runtime } = await tinyRuntime();
  const database = openDatabase(home);
  const options = { rootfs: { image: TINY } };
  const [idle, lost, ended, unseen] = [
    await runtime.create(options, 'idle'),
    await runtime.create(options, 'lost'),
    await runtime.create(options, 'ended'),
    await runtime.create(options, 'unseen'),
  ];
  database.boxes.transition(lost.id, ['configured'], 'running', { startedAt: STARTED_MS });
  database.boxes.transition(ended.id, ['configured'], 'running', { startedAt: STARTED_MS });
  await giveShim(home, unseen.id, alive);
  for (const { id } of [lost, ended, unseen]) leave({ home, id }, 'started', STARTED);
  leave({ home, id: ended.id }, 'exit', EXITED);
  const before = database.boxes.list();
  const listed = await runtime.listInfo();
  expect(
    Object.fromEntries(listed.map(({ name, status, exitCode }) => [name, [status, exitCode]])),
  ).toEqual({
    [idle.name ?? '']: ['configured', undefined],
    lost: ['stopped', 137],
    ended: ['stopped', 3],
    unseen: ['running', undefined],
  });
  const others = (records: BoxRecord[]) => records.filter(({ id }) => id !== lost.id);
  expect(others(database.boxes.list())).toEqual(others(before));
  const [again] = (await runtime.listInfo()).filter(({ id }) => id === lost.id);
  expect(again).toEqual(listed.find(({ id }) => id === lost.id));
});

interface TestBox extends Awaited<ReturnType<typeof tinyRuntime>> {
  id: string;
  database: Database;
  record: () => BoxRecord;
}

/** A box called `web` that the database has in this state. */
async function makeBox(status: BoxStatus, patch: BoxPatch = {}): Promise<TestBox> {
  const tiny = await tinyRuntime();
  const { id } = await tiny.runtime.create({ rootfs: { image: TINY } }, 'web');
  const database = openDatabase(tiny.home);
  database.boxes.transition(id, ['configured'], status, patch);
  const record = (): BoxRecord => {
    const found = database.boxes.get(id);
    if (found === undefined) throw new Error('the box is gone');
    return found;
  };
  return { ...tiny, id, database, record };
}

function openDatabase(home: Home): Database {
  const database = Database.open(home);
  onTestFinished(() => database.close());
  return database;
}

/** As a shim does it: written, then renamed. */
function leave(
  { home, id }: Pick<TestBox, 'home' | 'id'>,
  fact: 'started' | 'exit',
  content: object,
): void {
  mkdirSync(home.box(id), { recursive: true });
  const path = home.boxFile(id, fact);
  writeFileSync(`${path}.new`, JSON.stringify(content));
  renameSync(`${path}.new`, path);
}
