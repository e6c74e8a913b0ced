import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Home } from '../../src/host/home.js';
import { Database } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';
import { MIGRATIONS } from '../../src/store/migrations/index.js';
import { openSqlite, type SqliteDatabase } from '../../src/store/sqlite/sqlite.js';
import { openRuntime, temporaryHome } from '../helpers/tiny-runtime.js';

/** Databases as BoxLites of the past left them, one a schema that was published. */
const FIXTURES = 'test/fixtures/homes';

const fixtures = readdirSync(FIXTURES)
  .map((name) => ({ schema: Number(/^schema-(\d+)\.sql$/.exec(name)?.[1]), name }))
  .sort((a, b) => a.schema - b.schema);

/** Each fixture as its home stands after each later schema on the way to ours. */
const homes = fixtures.flatMap(({ schema, name }) =>
  MIGRATIONS.slice(schema - 1).map((_, index) => ({ name, schema, via: schema + index })),
);

type Rows = Record<string, Record<string, unknown>[]>;

describe.each(homes)('the home of $name, brought to schema $via before', (old) => {
  test('opens, and holds all that it held', () => {
    const { home, before } = homeOf(old);
    using database = Database.open(home);
    expect(database.get('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
    for (const [table, rows] of Object.entries(before)) {
      const now = database.all(`SELECT * FROM ${table}`);
      expect(now, table).toHaveLength(rows.length);
      // What is new has a value of its own; what was there has kept it.
      expect(now, table).toMatchObject(rows);
    }
    expect(database.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });
    expect(database.all('PRAGMA foreign_key_check')).toEqual([]);
  });

  test('has every box and image, each as it can be told and removed', async () => {
    const { home } = homeOf(old);
    const runtime = openRuntime(home);
    const boxes = await runtime.listInfo();
    expect(boxes.map(({ name, status, exitCode }) => [name, status, exitCode])).toEqual([
      [undefined, 'unknown', undefined],
      // Their supervisors are not there any more.
      ['box-3', 'stopped', 137],
      ['box-2', 'stopped', 137],
      ['box-1', 'stopped', 137],
      ['box-0', 'configured', undefined],
    ]);
    for (const { id } of boxes) {
      const box = await runtime.get(id);
      expect(await box?.inspect()).toMatchObject({ Id: id });
    }
    expect((await runtime.listImages()).map(({ reference }) => reference).sort()).toEqual([
      'docker.io/library/busybox:1.36',
      'localhost/busybox:latest',
    ]);
    for (const { id } of boxes) await runtime.remove(id, { force: true });
    expect(await runtime.listInfo()).toEqual([]);
  });
});

test.each(fixtures)('a migration that was published has not been changed: $name', (fixture) => {
  const then = openSqlite(':memory:');
  then.exec(readFileSync(join(FIXTURES, fixture.name), 'utf8'));
  const now = openSqlite(':memory:');
  migrate(now, MIGRATIONS.slice(0, fixture.schema));
  expect(schemaOf(now)).toEqual(schemaOf(then));
});

test('a home of a newer BoxLite is refused by its number, and not a byte of it is changed', async () => {
  const home = temporaryHome();
  Database.open(home).close();
  const newer = MIGRATIONS.length + 1;
  const connection = openSqlite(home.database());
  connection.pragma(`user_version = ${newer}`);
  connection.exec('CREATE TABLE of_the_future (x)');
  connection.close();
  const before = contentOf(home);
  const runtime = openRuntime(home);
  const refused = {
    code: 'schema-newer',
    message: expect.stringContaining(
      `its schema is ${newer}, this one knows up to ${MIGRATIONS.length}`,
    ) as string,
    hint: expect.stringContaining('BOXLITE_HOME') as string,
  };
  await expect(runtime.listInfo()).rejects.toMatchObject(refused);
  await expect(runtime.remove('any', { force: true })).rejects.toMatchObject(refused);
  await expect(runtime.listImages()).rejects.toMatchObject(refused);
  expect(contentOf(home)).toEqual(before);
});

function homeOf({ name, via }: (typeof homes)[number]): { home: Home; before: Rows } {
  const home = temporaryHome();
  mkdirSync(home.root);
  const connection = openSqlite(home.database());
  connection.pragma('journal_mode = WAL');
  connection.exec(readFileSync(join(FIXTURES, name), 'utf8'));
  const before: Rows = {};
  for (const table of tablesOf(connection))
    before[table] = connection.prepare(`SELECT * FROM ${table}`).all() as Rows[string];
  migrate(connection, MIGRATIONS.slice(0, via));
  connection.close();
  return { home, before };
}

const tablesOf = (connection: SqliteDatabase): string[] =>
  connection
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
    .pluck()
    .all() as string[];

/** As it was meant, whatever the space between its words. */
const schemaOf = (connection: SqliteDatabase): string[] =>
  (connection.prepare('SELECT sql FROM sqlite_schema WHERE sql NOT NULL').pluck().all() as string[])
    .map((sql) => sql.replace(/\s+/g, ' '))
    .sort();

const contentOf = (home: Home): Record<string, string> =>
  Object.fromEntries(
    readdirSync(home.root).map((name) => [
      name,
      readFileSync(join(home.root, name)).toString('base64'),
    ]),
  );
