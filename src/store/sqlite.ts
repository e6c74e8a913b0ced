/**
 * better-sqlite3, in the release that this Node.js can load. Its present one is bound to Node-API 10, which Node.js has
 * from 22.14 on, and one binary serves all of those. Node.js 20 crashes on it, and gets the last release that was bound
 * to V8 itself.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SqliteOfNodeApi from 'better-sqlite3';
import SqliteOfNode20 from 'better-sqlite3-node20';
import { BoxliteError } from '../errors.js';

export type SqliteDatabase = SqliteOfNodeApi.Database;
export type SqliteStatement = SqliteOfNodeApi.Statement;

const NODE_API = 10;
/** process.versions.modules of every Node.js 20. */
const NODE_20_ABI = '115';

const hasNodeApi = Number(process.versions.napi) >= NODE_API;

/**
 * Opens a database.
 * @throws BoxliteError `unsupported` on a Node.js that has no native part here, or what better-sqlite3 throws
 */
export function openSqlite(path: string, options: SqliteOfNodeApi.Options = {}): SqliteDatabase {
  const Sqlite = hasNodeApi ? SqliteOfNodeApi : SqliteOfNode20;
  return new Sqlite(path, { ...options, nativeBinding: nativeBinding() });
}

/** Both releases have a class of their own for it. */
export function isSqliteError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof SqliteOfNodeApi.SqliteError || error instanceof SqliteOfNode20.SqliteError
  );
}

/**
 * The path of the native part: beside the bundle, where the build puts it, or in the package that the sources import.
 * Left to itself the package tries a dozen places, which takes as long as all of `boxlite ps` may.
 */
function nativeBinding(): string {
  const wanted = hasNodeApi ? `node-api-${NODE_API}` : `node-${process.versions.modules}`;
  const here = dirname(fileURLToPath(import.meta.url));
  // The library's chunks are in a folder of their own.
  for (const folder of ['sqlite', join('..', 'sqlite')]) {
    const path = join(here, folder, `${wanted}-${process.arch}.node`);
    if (existsSync(path)) return path;
  }
  return packagedBinding() ?? missing();
}

function packagedBinding(): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    const rootOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));
    const path = hasNodeApi
      ? join(rootOf('better-sqlite3'), 'prebuilds', `linux-${process.arch}.node`)
      : join(rootOf('better-sqlite3-node20'), 'build', 'Release', 'better_sqlite3.node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function missing(): never {
  const hint =
    process.versions.modules === NODE_20_ABI
      ? 'this BoxLite was built by a newer Node.js: use Node.js 22.14 or newer, or build it with Node.js 20'
      : 'use Node.js 20, or 22.14 or newer';
  throw new BoxliteError(
    'unsupported',
    `this BoxLite has no SQLite for Node.js ${process.versions.node}`,
    { hint },
  );
}
