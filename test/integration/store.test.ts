import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { Database } from '../../src/store/database.js';
import { acquireLock } from '../../src/store/locks.js';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { race, startWaiting } from '../helpers/waiting-process.js';

const PROCESSES = 8;
const ID = '01k00000000000000000000000';

const scratch = mkdtempSync(join(tmpdir(), 'boxlite-store-'));
const program = join(scratch, 'store-process.mjs');

beforeAll(async () => {
  await bundleHelper('store-process', program, 'external');
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('processes that open a new home together make its database once', async () => {
  const home = newHome();
  expect(await together(home, ['open'])).toEqual(Array(PROCESSES).fill(0));
  const own = /^(boxlite\.db(-wal|-shm)?|reserve)$/;
  expect(readdirSync(home.root).filter((name) => !own.test(name))).toEqual([]);
});

test('processes that find an empty schema together bring it up to date once', async () => {
  const home = newHome();
  using database = Database.open(home);
  database.run('PRAGMA foreign_keys = OFF');
  const tables = database.all(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
  );
  for (const { name } of tables) database.run(`DROP TABLE ${String(name)}`);
  database.run('PRAGMA user_version = 0');
  expect(await together(home, ['open'])).toEqual(Array(PROCESSES).fill(0));
});

test('boxes made at once have different lock ids, without gaps', async () => {
  const home = newHome();
  const lockIds = (await together(home, ['insert'])) as number[];
  expect(lockIds.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('of processes that want one name, one gets it', async () => {
  const home = newHome();
  const results = await together(home, ['insert', 'web']);
  expect(results.sort()).toEqual([0, ...Array<string>(PROCESSES - 1).fill('name-taken')]);
});

test('of processes that start one box, one does', async () => {
  const home = newHome();
  using database = Database.open(home);
  insertBox(database);
  const results = await together(home, ['transition', ID]);
  expect(results.filter((won) => won === true)).toHaveLength(1);
  expect(database.boxes.get(ID)?.status).toBe('running');
});

test('a lock lets one process in at a time', async () => {
  const home = newHome();
  using database = Database.open(home);
  writeFileSync(join(home.root, 'counter'), '0');
  expect(await together(home, ['count', '20'])).toEqual(Array(PROCESSES).fill(20));
  expect(readFileSync(join(home.root, 'counter'), 'utf8')).toBe(String(PROCESSES * 20));
  expect(database.all('SELECT * FROM locks')).toEqual([]);
});

test('a holder ended by SIGKILL gives its lock to one that waits', async () => {
  const home = newHome();
  using database = Database.open(home);
  const holder = await startWaiting(program, [home.root, 'hold']);
  expect(await holder.go()).toBe('held');
  const options = { purpose: 'stop', timeoutMs: 0 };
  await expect(acquireLock(database, 'box:held', options)).rejects.toThrow(
    `box held is busy: process ${holder.child.pid ?? '?'} holds it for start`,
  );
  const waiting = acquireLock(database, 'box:held', { ...options, timeoutMs: 60_000 });
  holder.child.kill('SIGKILL');
  await expect(waiting).resolves.toHaveProperty('name', 'box:held');
});

test('a writer ended by SIGKILL leaves a database that opens', async () => {
  const home = newHome();
  {
    using database = Database.open(home);
    insertBox(database);
  }
  const holder = await startWaiting(program, [home.root, 'hold']);
  await holder.go();
  holder.child.kill('SIGKILL');
  await once(holder.child, 'exit');
  using database = Database.open(home);
  expect(database.boxes.get(ID)?.status).toBe('configured');
  expect(database.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });
});

function newHome(): Home {
  const root = mkdtempSync(join(scratch, 'home-'));
  return new Home(join(root, 'home'));
}

function insertBox(database: Database): void {
  const containerId = '0'.repeat(64);
  database.boxes.insert({ id: ID, image: 'busybox', options: {}, containerId });
}

/** What each of the processes answers when all begin at once. */
function together(home: Home, args: string[]): Promise<unknown[]> {
  return race(program, Array<string[]>(PROCESSES).fill([home.root, ...args]));
}
