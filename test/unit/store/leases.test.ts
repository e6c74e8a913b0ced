import { expect, test } from 'vitest';
import { temporaryDatabase } from './store-fixture.js';

test('what a lease keeps is kept until it is released', () => {
  const { leases } = temporaryDatabase();
  const one = leases.open();
  const other = leases.open();
  one.keep(['sha256:a', 'sha256:b']);
  one.keep(['sha256:b']);
  other.keep(['sha256:b', 'sha256:c']);
  expect(leases.kept()).toEqual(new Set(['sha256:a', 'sha256:b', 'sha256:c']));
  one.release();
  expect(leases.kept()).toEqual(new Set(['sha256:b', 'sha256:c']));
  other.release();
  other.release();
  expect(leases.kept()).toEqual(new Set());
});

test('a lease ends with its scope, also by an error', () => {
  const { leases } = temporaryDatabase();
  expect(() => {
    using lease = leases.open();
    lease.keep(['sha256:a']);
    throw new Error('a pull failed');
  }).toThrow('a pull failed');
  expect(leases.kept()).toEqual(new Set());
});

test('a lease that can’t be released does not hide why its work failed', () => {
  const database = temporaryDatabase();
  database.leases.open().keep(['sha256:a']);
  expect(() => {
    using _lease = database.leases.open();
    database.run('PRAGMA query_only = ON');
    throw new Error('an import failed');
  }).toThrow('an import failed');
  expect(() => database.leases.open().release()).toThrow('readonly database');
  expect(database.leases.kept()).toEqual(new Set(['sha256:a']));
});

test.each<[string, string, string | number]>([
  ['of an earlier boot', 'boot_id', 'another'],
  ['whose pid another process has now', 'start_ticks', 1],
  ['that has ended', 'pid', 2 ** 30],
])('a lease of a process %s keeps nothing, and is forgotten', (_what, column, value) => {
  const database = temporaryDatabase();
  database.leases.open().keep(['sha256:a']);
  database.run(`UPDATE image_leases SET ${column} = ?`, value);
  expect(database.leases.kept()).toEqual(new Set());
  expect(database.all('SELECT * FROM image_leases')).toEqual([]);
});
