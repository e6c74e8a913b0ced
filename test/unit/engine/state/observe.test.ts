import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { observed, settle } from '../../../../src/engine/state/observe.js';
import type { Home } from '../../../../src/host/home.js';
import { currentBootId } from '../../../../src/host/process-identity.js';
import type { BoxPatch, BoxRecord } from '../../../../src/store/box-record.js';
import { Database } from '../../../../src/store/database.js';
import type { BoxStatus } from '../../../../src/store/status.js';
import { BOX_ID, boxRecord, leaveFacts, temporaryHome } from '../engine-fixture.js';

const AT = (second: number): string => new Date(second * 1_000).toISOString();

const STARTED = { at: AT(10), shimPid: 11, vmmPid: 12 };
const EXITED = { at: AT(20), code: 3, signal: 0, oom: false, timedOut: false, reason: 'exited' };
const PORT = { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 49_153, boxPort: 80 };
const KILLED = { ...EXITED, code: 137, signal: 9, oom: true };
const VMM_DIED = { ...EXITED, code: 137, signal: 9, reason: 'vmm-died', message: 'it was killed' };

/** What the database holds of a box that was started and written down. */
const RUNNING: Partial<BoxRecord> = { status: 'running', startedAt: 10_000, pid: 12, shimPid: 11 };
const STOPPED: Partial<BoxRecord> = {
  status: 'stopped',
  startedAt: 5_000,
  finishedAt: 6_000,
  exitCode: 1,
  exitSignal: 9,
  oomKilled: true,
  error: 'the virtual machine ended unexpectedly',
};

const LOST = "the box's supervisor ended without leaving a record (was it killed?)";

interface Case {
  record: Partial<BoxRecord>;
  facts: Parameters<typeof leaveFacts>[1];
  seen: Partial<BoxRecord>;
}

describe('without a shim', () => {
  test.each<[string, Case]>([
    [
      'a box that was never started is configured',
      { record: {}, facts: {}, seen: { status: 'configured', pid: null, startedAt: null } },
    ],
    [
      'a box whose end is written down stays as it is',
      {
        record: STOPPED,
        facts: { started: { ...STARTED, at: AT(5) }, exit: EXITED },
        seen: STOPPED,
      },
    ],
    [
      'the end of a running box is what its shim has recorded',
      {
        record: RUNNING,
        facts: { started: STARTED, exit: EXITED },
        seen: {
          status: 'stopped',
          startedAt: 10_000,
          finishedAt: 20_000,
          exitCode: 3,
          exitSignal: null,
          oomKilled: false,
          error: null,
          pid: null,
          shimPid: null,
        },
      },
    ],
    [
      'a command killed for want of memory says so',
      {
        record: RUNNING,
        facts: { started: STARTED, exit: KILLED },
        seen: { status: 'stopped', exitCode: 137, exitSignal: 9, oomKilled: true, error: null },
      },
    ],
    [
      'a VMM that died is told from a command that was killed',
      {
        record: RUNNING,
        facts: { started: STARTED, exit: VMM_DIED },
        seen: {
          status: 'stopped',
          exitCode: 137,
          error: 'the virtual machine ended unexpectedly: it was killed',
        },
      },
    ],
    [
      'a stop that was cut short has its end',
      {
        record: { ...RUNNING, status: 'stopping' },
        facts: { started: STARTED, exit: EXITED },
        seen: { status: 'stopped', exitCode: 3 },
      },
    ],
    [
      'a shim killed before it left a record counts as killed',
      {
        record: RUNNING,
        facts: { started: STARTED },
        seen: { status: 'stopped', exitCode: 137, exitSignal: null, pid: null, error: LOST },
      },
    ],
    [
      'a running box without any file counts as killed',
      { record: RUNNING, facts: {}, seen: { status: 'stopped', exitCode: 137, error: LOST } },
    ],
    [
      'a start whose starter was killed before writing it down, and its end, are found',
      {
        record: {},
        facts: { started: STARTED, exit: EXITED, ports: { ports: [PORT] } },
        seen: {
          status: 'stopped',
          startedAt: 10_000,
          finishedAt: 20_000,
          exitCode: 3,
          startCount: 1,
          restartCount: 0,
          ports: [PORT],
        },
      },
    ],
    [
      'a start by the restart policy that nobody wrote down is counted as one',
      {
        record: { ...STOPPED, startCount: 3, restartCount: 2, restartDelayMs: 800 },
        facts: { started: STARTED, exit: EXITED },
        seen: { startCount: 4, restartCount: 3 },
      },
    ],
    [
      'a start by a user that nobody wrote down sets the restarts back',
      {
        record: { ...STOPPED, startCount: 3, restartCount: 2, restartDelayMs: 100 },
        facts: { started: STARTED, exit: EXITED },
        seen: { startCount: 4, restartCount: 0 },
      },
    ],
    [
      'starter and shim killed together leave a box that was killed',
      {
        record: {},
        facts: { started: STARTED },
        seen: { status: 'stopped', startedAt: 10_000, exitCode: 137, error: LOST },
      },
    ],
    [
      'a restart that nobody wrote down ends with its own code, not the last one’s',
      {
        record: STOPPED,
        facts: { started: STARTED, exit: EXITED },
        seen: {
          status: 'stopped',
          startedAt: 10_000,
          finishedAt: 20_000,
          exitCode: 3,
          error: null,
        },
      },
    ],
    [
      'a damaged record of the end does not read as success',
      {
        record: RUNNING,
        facts: { started: STARTED, exit: '{"code":' },
        seen: {
          status: 'stopped',
          exitCode: 137,
          error: "the record of the box's end can't be read",
        },
      },
    ],
    [
      'a damaged record of a start counts as a start that was killed',
      { record: {}, facts: { started: '{' }, seen: { status: 'stopped', exitCode: 137 } },
    ],
    [
      'the record of a start that failed is not the box’s end',
      {
        record: {},
        facts: { bootError: { stage: 'kernel' } },
        seen: { status: 'configured', exitCode: null },
      },
    ],
  ])('%s', async (_fact, { record, facts, seen }) => {
    const home = temporaryHome();
    leaveFacts(home, facts);
    expect(await observed(home, boxRecord(record))).toMatchObject(seen);
  });

  test('a socket that a killed shim has left is not taken for a shim', async () => {
    const home = temporaryHome();
    leaveFacts(home, { started: STARTED });
    writeFileSync(home.boxFile(BOX_ID, 'shimSocket'), '');
    expect(await observed(home, boxRecord(RUNNING))).toMatchObject({ status: 'stopped' });
  });
});

test('an end without its time is when its record was written', async () => {
  const home = temporaryHome();
  leaveFacts(home, { started: STARTED, exit: { code: 0 } });
  for (const fact of ['started', 'exit'] as const) utimesSync(home.boxFile(BOX_ID, fact), 30, 30);
  expect((await observed(home, boxRecord(RUNNING))).finishedAt).toBe(30_000);
});

test('a box whose directory can’t be looked into is unknown, and says why', async () => {
  const home = temporaryHome();
  mkdirSync(home.boxFile(BOX_ID, 'started'), { recursive: true });
  expect(await observed(home, boxRecord(RUNNING))).toMatchObject({
    status: 'unknown',
    error: expect.stringContaining(`read ${home.boxFile(BOX_ID, 'started')}`) as string,
  });
  await expect(settle(home, temporaryDatabase(home), boxRecord(RUNNING))).rejects.toMatchObject({
    code: 'host-io',
  });
});

test('a shim that speaks another protocol makes its box unknown', async () => {
  const home = temporaryHome();
  leaveFacts(home, { started: STARTED });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => {
    server.listen(home.boxFile(BOX_ID, 'shimSocket'), resolve);
  });
  chmodSync(home.boxFile(BOX_ID, 'shimSocket'), 0o600);
  expect(await observed(home, boxRecord(RUNNING))).toMatchObject({ status: 'unknown' });
});

describe('settling', () => {
  test('writes what is observed, once', async () => {
    const home = temporaryHome();
    const database = temporaryDatabase(home);
    insert(database, 'configured');
    leaveFacts(home, { started: STARTED, exit: EXITED });
    const first = await settle(home, database, current(database));
    expect(first).toMatchObject({ status: 'stopped', exitCode: 3, finishedAt: 20_000 });
    expect(current(database)).toEqual(first);
    expect(await settle(home, database, first)).toEqual(first);
    expect(current(database).updatedAt).toBe(first.updatedAt);
  });

  test('yields to whoever changed the box meanwhile', async () => {
    const home = temporaryHome();
    const database = temporaryDatabase(home);
    insert(database, 'running', { startedAt: 10_000 });
    const stale = current(database);
    database.boxes.transition(BOX_ID, ['running'], 'stopped', { exitCode: 9 });
    leaveFacts(home, { started: STARTED, exit: EXITED });
    expect(await settle(home, database, stale)).toMatchObject({ status: 'stopped', exitCode: 9 });
  });

  test('a box removed meanwhile is told as it was seen', async () => {
    const home = temporaryHome();
    const database = temporaryDatabase(home);
    leaveFacts(home, { started: STARTED, exit: EXITED });
    const seen = await settle(home, database, boxRecord(RUNNING));
    expect(seen).toMatchObject({ status: 'stopped', exitCode: 3 });
    expect(database.boxes.list()).toEqual([]);
  });
});

function temporaryDatabase(home: Home): Database {
  const database = Database.open(home);
  onTestFinished(() => database.close());
  return database;
}

function insert(database: Database, status: BoxStatus, patch: BoxPatch = {}): void {
  const { image, options, containerId } = boxRecord();
  database.boxes.insert({ id: BOX_ID, image, options, containerId });
  database.boxes.transition(BOX_ID, ['configured'], status, patch);
}

function current(database: Database): BoxRecord {
  const record = database.boxes.get(BOX_ID);
  if (record === undefined) throw new Error('the box is gone');
  return record;
}

describe('an end that nobody has recorded', () => {
  const WHERE = { bootId: currentBootId(), shimStartTicks: 1 };
  const lost = (started: object): { home: Home; database: Database; record: BoxRecord } => {
    const home = temporaryHome();
    const database = temporaryDatabase(home);
    const { id } = database.boxes.insert({
      ...{ id: BOX_ID, name: 'web', image: 'busybox', options: boxRecord().options },
      containerId: '0'.repeat(64),
    });
    database.boxes.update(id, { startedAt: 10_000 });
    database.boxes.transition(id, ['configured'], 'running');
    leaveFacts(home, { started: { ...STARTED, ...started } });
    utimesSync(home.boxFile(id, 'started'), 10, 10);
    writeFileSync(home.boxFile(id, 'log'), '');
    utimesSync(home.boxFile(id, 'log'), 15, 15);
    const record = database.boxes.get(id);
    if (record === undefined) throw new Error('the box was not stored');
    return { home, database, record };
  };

  test('is written down by the first reader, with the time of his look, and told once', async () => {
    const { home, database, record } = lost(WHERE);
    const before = Date.now();
    const first = await observed(home, record, database);
    expect(first).toMatchObject({ status: 'stopped', exitCode: 137, error: LOST });
    expect(first.finishedAt).toBeGreaterThanOrEqual(before);
    // Of two who look at once the second still holds the old record.
    const second = await observed(home, record, database);
    expect(second.finishedAt).toBe(first.finishedAt);
    expect(database.boxes.get(BOX_ID)).toMatchObject({
      status: 'stopped',
      finishedAt: first.finishedAt,
    });
    const told = database.events.after(0).filter(({ action }) => action === 'die');
    expect(told.map(({ time }) => time)).toEqual([first.finishedAt]);
  });

  test('was its last sign of life where nothing can be written', async () => {
    const { home, record } = lost(WHERE);
    expect(await observed(home, record)).toMatchObject({ status: 'stopped', finishedAt: 15_000 });
  });

  test('was before the restart of the host', async () => {
    const { home, database, record } = lost({ bootId: 'another' });
    const seen = await observed(home, record, database);
    expect(seen).toMatchObject({ status: 'stopped', finishedAt: 15_000 });
    expect((await settle(home, database, record)).finishedAt).toBe(15_000);
  });

  test('and a record of it that can’t be read has the record’s own time', async () => {
    const { home, record } = lost(WHERE);
    leaveFacts(home, { exit: '{"code":' });
    utimesSync(home.boxFile(BOX_ID, 'exit'), 16, 16);
    expect(await observed(home, record)).toMatchObject({ exitCode: 137, finishedAt: 16_000 });
  });
});
