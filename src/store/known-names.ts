import { existsSync } from 'node:fs';
import type { Home } from '../host/home.js';
import { openSqlite, type SqliteDatabase } from './sqlite/sqlite.js';
import type { BoxStatus } from './status.js';

export interface KnownNames {
  boxes: { id: string; name: string | undefined; status: BoxStatus }[];
  /** Canonical references. */
  images: string[];
  networks: string[];
  volumes: string[];
}

const NONE: KnownNames = { boxes: [], images: [], networks: [], volumes: [] };

/**
 * The names in a home's database, for shell completion. It creates and migrates nothing, and
 * returns no names when another process holds the database or it is damaged. Newest boxes first.
 */
export function knownNames(home: Home): KnownNames {
  const path = home.database();
  if (!existsSync(path)) return NONE;
  try {
    const connection = openSqlite(path, { readonly: true, fileMustExist: true, timeout: 0 });
    try {
      return {
        boxes: rows(connection, 'SELECT id, name, status FROM boxes ORDER BY created_at DESC').map(
          ({ id, name, status }) => ({
            id: String(id),
            name: typeof name === 'string' ? name : undefined,
            status: status as BoxStatus,
          }),
        ),
        images: rows(connection, 'SELECT reference FROM image_references ORDER BY reference').map(
          ({ reference }) => String(reference),
        ),
        networks: namesOf(connection, 'networks'),
        volumes: namesOf(connection, 'volumes'),
      };
    } finally {
      connection.close();
    }
  } catch {
    return NONE;
  }
}

/** An older version's database lacks the table. */
function namesOf(connection: SqliteDatabase, table: 'networks' | 'volumes'): string[] {
  const [found] = rows(connection, `SELECT 1 FROM sqlite_master WHERE name = '${table}'`);
  if (found === undefined) return [];
  return rows(connection, `SELECT name FROM ${table} ORDER BY name`).map(({ name }) =>
    String(name),
  );
}

function rows(connection: SqliteDatabase, sql: string): Record<string, unknown>[] {
  return connection.prepare(sql).all() as Record<string, unknown>[];
}
