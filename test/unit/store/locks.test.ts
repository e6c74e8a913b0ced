import { expect, test } from 'vitest';
import { ownIdentity } from '../../../src/host/process-identity.js';
import type { Database } from '../../../src/store/database.js';
import { acquireBoxLock, acquireLock } from '../../../src/store/locks.js';
import { temporaryDatabase, temporaryHome } from './store-fixture.js';

const once = { timeoutMs: 0, purpose: 'start' };
const patient = { timeoutMs: 60_000, purpose: 'stop' };

test('a lock that is held is refused, naming box, holder and purpose', async () => {
  const database = temporaryDatabase();
  await acquireBoxLock(database, '01k', once);
  await expect(acquireBoxLock(database, '01k', { ...once, purpose: 'stop' })).rejects.toMatchObject(
    {
      code: 'box-busy',
      message: `box 01k is busy: process ${process.pid} holds it for start`,
    },
  );
});

test('locks of other names are free', async () => {
  const database = temporaryDatabase();
  await acquireBoxLock(database, '01k', once);
  await acquireBoxLock(database, '01l', once);
  await acquireLock(database, 'template:01k', once);
});

test('a lock given back is free, and giving it back again does not free the next holder', async () => {
  const database = temporaryDatabase();
  const first = await acquireLock(database, 'template:x', once);
  first.release();
  await acquireLock(database, 'template:x', once);
  first.release();
  await expect(acquireLock(database, 'template:x', once)).rejects.toThrow('template x is busy');
});

test('await using gives the lock back, also when the work throws', async () => {
  const database = temporaryDatabase();
  const work = async () => {
    await using lock = await acquireLock(database, 'template:x', once);
    throw new Error(lock.name);
  };
  await expect(work()).rejects.toThrow('template:x');
  await acquireLock(database, 'template:x', once);
});

test('callers in one process hold it one after the other, over one connection or two', async () => {
  const home = temporaryHome();
  const databases = [temporaryDatabase(home), temporaryDatabase(home)];
  let inside = 0;
  let most = 0;
  const caller = async (database: Database) => {
    const lock = await acquireLock(database, 'template:x', patient);
    most = Math.max(most, ++inside);
    await new Promise(setImmediate);
    inside--;
    lock.release();
  };
  await Promise.all([...databases, ...databases, ...databases].map(caller));
  expect(most).toBe(1);
});

test.each([
  ['whose pid was used again', { startTicks: ownIdentity().startTicks - 1 }],
  ['of an earlier boot', { bootId: 'another' }],
  ['whose pid nobody has', { pid: 2 ** 30 }],
])('the lock of a holder %s is free', async (_what, change) => {
  const database = temporaryDatabase();
  await acquireLock(database, 'template:x', once);
  const { pid, startTicks, bootId } = { ...ownIdentity(), ...change };
  database.run('UPDATE locks SET pid = ?, start_ticks = ?, boot_id = ?', pid, startTicks, bootId);
  await acquireLock(database, 'template:x', once);
});

test('waiting ends when the caller gives up', async () => {
  const database = temporaryDatabase();
  await acquireLock(database, 'template:x', once);
  const controller = new AbortController();
  const waiting = acquireLock(database, 'template:x', { ...patient, signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
});
