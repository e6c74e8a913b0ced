import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from '../host/home.js';
import { makeDirectories } from '../host/host-path.js';
import { migrate } from './migrate.js';
import { makeReserve, writeWithReserve } from './reserve.js';
import { openSqlite, type SqliteDatabase } from './sqlite/sqlite.js';
import { storeError } from './sqlite/store-error.js';

const BUSY_TIMEOUT_MS = 10_000;

/** Opens the home's database with the current schema, creating both if they are missing. */
export function connect(home: Home): SqliteDatabase {
  const path = home.database();
  try {
    if (!existsSync(path)) createDatabase(home);
    // When nobody else has the database open, SQLite needs some space even for reading.
    return writeWithReserve(home, () => openFile(path));
  } catch (error) {
    throw storeError(error, path);
  }
}

/**
 * Creates the file whole and in WAL mode, or not at all: SQLite does not wait for other processes
 * when it switches an existing file to WAL, so processes that open a new home together would fail.
 */
function createDatabase(home: Home): void {
  const path = home.database();
  createHome(home);
  refuseOrphanJournal(path);
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(draft, '', { flag: 'wx', mode: 0o600 });
    openFile(draft).close();
    linkSync(draft, path);
    makeReserve(home);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST')
      throw error instanceof BoxliteError ? error : fileError(error, `create ${path}`);
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  }
}

function createHome(home: Home): void {
  try {
    makeDirectories(home.root, 0o700);
  } catch (error) {
    throw fileError(error, `create the home ${home.root}`);
  }
}

/** SQLite would replay the journal of a deleted database into the new one. */
function refuseOrphanJournal(path: string): void {
  // Check in this order: a journal seen before the database turns out missing can't belong to a new
  // one.
  if (existsSync(`${path}-wal`) && !existsSync(path))
    throw new BoxliteError(
      'store-corrupt',
      `${path} is missing, but its journal ${path}-wal is there`,
      {
        hint: `put ${path} back, or remove ${path}-wal and ${path}-shm to start over`,
      },
    );
}

/**
 * Flushes the commits of `work` to the disk: a committed image may be the last copy of its box, and
 * a removed image must not reappear once its files are gone. Not within a transaction.
 */
export function withFlush<T>(connection: SqliteDatabase, work: () => T): T {
  connection.pragma('synchronous = FULL');
  try {
    return work();
  } finally {
    connection.pragma('synchronous = NORMAL');
  }
}

function openFile(path: string): SqliteDatabase {
  const connection = openSqlite(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true });
  try {
    // Readers continue while one process writes.
    connection.pragma('journal_mode = WAL');
    // A commit survives the death of any process. A power loss may undo the last seconds, but it
    // ends every VM too, and a box lost that way can be created again. FULL would cost several disk
    // flushes per run. Images need more: see `withFlush`.
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw storeError(error, path);
  }
}
