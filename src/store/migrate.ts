import { BoxliteError } from '../errors.js';
import { MIGRATIONS } from './migrations/index.js';
import type { SqliteDatabase } from './sqlite/sqlite.js';

/**
 * Updates the schema to ours: every pending step in order, all or none. Takes the write lock only
 * if there is something to do; of several processes, the first one does it.
 * @throws BoxliteError `schema-newer` when a newer BoxLite wrote the file
 */
export function migrate(connection: SqliteDatabase, migrations = MIGRATIONS): void {
  if (pending(connection, migrations).length === 0) return;
  const run = connection.transaction(() => {
    // Check again under the lock: another process may have been first.
    for (const sql of pending(connection, migrations)) connection.exec(sql);
    connection.pragma(`user_version = ${migrations.length}`);
  });
  run.immediate();
}

function pending(connection: SqliteDatabase, migrations: readonly string[]): readonly string[] {
  const version = Number(connection.pragma('user_version', { simple: true }));
  if (version > migrations.length)
    throw new BoxliteError(
      'schema-newer',
      `${connection.name} was written by a newer BoxLite: its schema is ${version}, this one knows up to ${migrations.length}`,
      { hint: 'use a BoxLite at least as new, or another home (BOXLITE_HOME)' },
    );
  return migrations.slice(version);
}
