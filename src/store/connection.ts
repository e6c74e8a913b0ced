import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from '../host/home.js';
import { makeDirectories } from '../host/host-path.js';
import { migrate } from './migrate.js';
import { makeReserve, writeWithReserve } from './reserve.js';
import { openSqlite, type SqliteDatabase } from './sqlite.js';
import { storeError } from './store-error.js';

const BUSY_TIMEOUT_MS = 10_000;

/** Opens the home's database with its schema up to date, making both when they are missing. */
export function connect(home: Home): SqliteDatabase {
  const path = home.database();
  try {
    if (!existsSync(path)) createDatabase(home);
    // Where nobody has the database open, SQLite needs some space even for reading.
    return writeWithReserve(home, () => openFile(path));
  } catch (error) {
    throw storeError(error, path);
  }
}

/**
 * The file appears whole and in WAL mode, or not at all: SQLite does not wait for others when it
 * switches an existing file to WAL, so processes that open a new home together would fail.
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
  // In this order: a journal seen before the database is still missing belongs to no new one.
  if (existsSync(`${path}-wal`) && !existsSync(path))
    throw new BoxliteError(
      'store-corrupt',
      `${path} is missing, but its journal ${path}-wal is there`,
      {
        hint: `put ${path} back, or remove ${path}-wal and ${path}-shm to begin anew`,
      },
    );
}

/**
 * Has the commits of `work` flushed to the disk: an image that was committed may be the last copy of its
 * box, and one that was removed must not come back when its files have gone. Not within a transaction.
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
    // Readers go on while one process writes.
    connection.pragma('journal_mode = WAL');
    // A commit survives the end of any process; the last seconds may be lost with the host's power,
    // which no VM survives either, and a box that is lost so is made again. FULL would cost several
    // disk flushes for each run. Images are another matter: see `withFlush`.
    connection.pragma('synchronous = NORMAL');
    connection.pragma('foreign_keys = ON');
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw storeError(error, path);
  }
}
