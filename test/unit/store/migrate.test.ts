import { expect, test } from 'vitest';
import { migrate } from '../../../src/store/migrate.js';
import { openSqlite, type SqliteDatabase } from '../../../src/store/sqlite/sqlite.js';

const STEPS = ['CREATE TABLE a (x)', 'CREATE TABLE b (x)', 'INSERT INTO b SELECT x FROM a'];

const version = (connection: SqliteDatabase) => connection.pragma('user_version', { simple: true });

test('only the steps that are missing run, in order', () => {
  const connection = openSqlite(':memory:');
  migrate(connection, STEPS.slice(0, 1));
  connection.exec('INSERT INTO a VALUES (7)');
  migrate(connection, STEPS);
  expect(connection.prepare('SELECT x FROM b').pluck().get()).toBe(7);
  expect(version(connection)).toBe(3);
});

test('a step that fails undoes the ones before it', () => {
  const connection = openSqlite(':memory:');
  expect(() => migrate(connection, [...STEPS, 'nonsense'])).toThrow();
  expect(version(connection)).toBe(0);
  expect(connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()).toBe(0);
});

test('a schema that is up to date is not written', () => {
  const connection = openSqlite(':memory:');
  migrate(connection, STEPS);
  connection.pragma('query_only = ON');
  expect(() => migrate(connection, STEPS)).not.toThrow();
});
