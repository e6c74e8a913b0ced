/**
 * Loads the release of better-sqlite3 that fits this Node.js. The current one is built on Node-API
 * 10, which Node.js provides from 22.14 on, and one binary serves all of those. It crashes Node.js
 * 20, which gets the last release built on V8 itself.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SqliteOfNodeApi from 'better-sqlite3';
import SqliteOfNode20 from 'better-sqlite3-node20';
import { BoxliteError } from '../../errors.js';

export type SqliteDatabase = SqliteOfNodeApi.Database;
export type SqliteStatement = SqliteOfNodeApi.Statement;

const NODE_API = 10;
/** process.versions.modules of every Node.js 20. */
const NODE_20_ABI = '115';

const hasNodeApi = Number(process.versions.napi) >= NODE_API;

/**
 * Opens a database.
 * @throws BoxliteError `unsupported` on a Node.js for which we have no native part, or what
 * better-sqlite3 throws
 */
export function openSqlite(path: string, options: SqliteOfNodeApi.Options = {}): SqliteDatabase {
  const Sqlite = hasNodeApi ? SqliteOfNodeApi : SqliteOfNode20;
  return new Sqlite(path, { ...options, nativeBinding: nativeBinding() });
}

/** Each release has its own error class. */
export function isSqliteError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof SqliteOfNodeApi.SqliteError || error instanceof SqliteOfNode20.SqliteError
  );
}

/**
 * The path of the native part: beside the bundle, where the build puts it, or in the package that
 * the sources import. By default the package tries a dozen paths, which takes as long as `boxlite
 * ps` may take in all.
 */
function nativeBinding(): string {
  const wanted = hasNodeApi ? `node-api-${NODE_API}` : `node-${process.versions.modules}`;
  const here = dirname(fileURLToPath(import.meta.url));
  // The library's chunks are in their own folder.
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
