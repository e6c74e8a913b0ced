import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Database } from '../../../src/store/database.js';
import { MIGRATIONS } from '../../../src/store/migrations/index.js';
import { newBox, temporaryDatabase, temporaryHome } from './store-fixture.js';

test('a new home is made for its owner alone', () => {
  const home = temporaryHome();
  temporaryDatabase(home);
  expect(statSync(home.root).mode & 0o777).toBe(0o700);
  expect(statSync(home.database()).mode & 0o777).toBe(0o600);
});

test('making the database leaves nothing else behind', () => {
  const home = temporaryHome();
  Database.open(home).close();
  expect(readdirSync(home.root)).toEqual(['boxlite.db', 'reserve']);
});

test('what was written is there when it is opened again', () => {
  const home = temporaryHome();
  const box = temporaryDatabase(home).boxes.insert(newBox(1));
  expect(temporaryDatabase(home).boxes.get(box.id)).toEqual(box);
});

test('each connection has WAL, foreign keys, a busy time-out and no flush a commit', () => {
  const database = temporaryDatabase();
  const pragma = (name: string) => Object.values(database.get(`PRAGMA ${name}`) ?? {})[0];
  expect(pragma('journal_mode')).toBe('wal');
  expect(pragma('foreign_keys')).toBe(1);
  expect(pragma('busy_timeout')).toBe(10_000);
  expect(pragma('synchronous')).toBe(1);
});

test('what is written to the disk is flushed at each commit, and nothing else is', () => {
  const database = temporaryDatabase();
  const level = () => Object.values(database.get('PRAGMA synchronous') ?? {})[0];
  expect(database.writeToDisk(() => database.writeToDisk(level))).toBe(2);
  expect(database.write(() => database.writeToDisk(level))).toBe(1);
  expect(() =>
    database.writeToDisk(() => {
      throw new Error('not done');
    }),
  ).toThrow('not done');
  expect(level()).toBe(1);
});

test('an empty file left by someone becomes a database', () => {
  const home = temporaryHome();
  mkdirSync(home.root);
  writeFileSync(home.database(), '');
  expect(temporaryDatabase(home).boxes.list()).toEqual([]);
});

test('a newer schema is refused by both numbers', () => {
  const home = temporaryHome();
  temporaryDatabase(home).run('PRAGMA user_version = 99');
  expect(() => Database.open(home)).toThrow(
    expect.objectContaining({
      code: 'schema-newer',
      message: expect.stringMatching(
        new RegExp(`schema is 99.* up to ${MIGRATIONS.length}$`),
      ) as string,
      hint: expect.any(String) as string,
    }),
  );
});

test('a file that is no database is refused by its path', () => {
  const home = temporaryHome();
  mkdirSync(home.root);
  writeFileSync(home.database(), 'this is no database '.repeat(500));
  expect(() => Database.open(home)).toThrow(
    expect.objectContaining({
      code: 'store-corrupt',
      message: expect.stringContaining(home.database()) as string,
    }),
  );
});

test('a database cut short is refused, at the latest when it is read', () => {
  const home = temporaryHome();
  Database.open(home).close();
  truncateSync(home.database(), 8192);
  expect(() => Database.open(home).boxes.list()).toThrow(
    expect.objectContaining({ code: 'store-corrupt' }),
  );
});

test('the journal of a deleted database is not replayed into a new one', () => {
  const home = temporaryHome();
  mkdirSync(home.root);
  writeFileSync(`${home.database()}-wal`, 'frames');
  expect(() => Database.open(home)).toThrow(expect.objectContaining({ code: 'store-corrupt' }));
});

test('a home that is a file is refused', () => {
  const home = temporaryHome();
  writeFileSync(home.root, '');
  expect(() => Database.open(home)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(home.root) as string }),
  );
});

test('a transaction that throws changes nothing', () => {
  const database = temporaryDatabase();
  const attempt = () =>
    database.write(() => {
      database.boxes.insert(newBox(1));
      throw new Error('no');
    });
  expect(attempt).toThrow('no');
  expect(database.boxes.list()).toEqual([]);
});

test('reading does not wait for a writer', () => {
  const home = temporaryHome();
  const reader = temporaryDatabase(home);
  const writer = temporaryDatabase(home);
  writer.write(() => {
    writer.boxes.insert(newBox(1));
    expect(reader.boxes.list()).toEqual([]);
    const late = Database.open(home);
    expect(late.boxes.list()).toEqual([]);
    late.close();
  });
  expect(reader.boxes.list()).toHaveLength(1);
});

test('a full disk is told as such', () => {
  const home = temporaryHome();
  const database = temporaryDatabase(home);
  database.run('PRAGMA max_page_count = 1'); // SQLite says SQLITE_FULL for both
  const fill = () => database.boxes.insert(newBox(1, { options: 'x'.repeat(1_000_000) }));
  expect(fill).toThrow(expect.objectContaining({ code: 'no-space' }));
});

test('a constraint of the schema is broken by a bug, and shows as one', () => {
  const database = temporaryDatabase();
  const insert = () => database.boxes.insert(newBox(1, { id: 'short' }));
  expect(insert).toThrow(expect.objectContaining({ name: 'SqliteError' }));
});
