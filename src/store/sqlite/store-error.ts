import { closeSync, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoxliteError, errnoOf, limitError } from '../../errors.js';
import { isSqliteError } from './sqlite.js';

/**
 * Turns a SQLite error into one of ours that names the file; returns anything else unchanged (a
 * violated constraint or a bad statement is a bug).
 * @param path the database file
 */
export function storeError(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return isDlopen(error) ? bindingError(error) : error;
  // Extended codes (SQLITE_IOERR_WRITE) start with the primary code.
  const primary = error.code.split('_').slice(0, 2).join('_');
  switch (primary) {
    case 'SQLITE_FULL':
      return noSpace(error, path);
    case 'SQLITE_IOERR':
      // SQLite hides the errno; a full disk shows up here too, when shared memory can't grow.
      return isDiskFull(path) ? noSpace(error, path) : ioError(error, path);
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return new BoxliteError(
        'store-corrupt',
        `the database ${path} is damaged: ${error.message}`,
        {
          cause: error,
          hint: `move ${path} away with its -wal and -shm files; boxes in it are lost, images are not`,
        },
      );
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new BoxliteError('timeout', `another process keeps the database ${path} locked`, {
        cause: error,
        hint: 'see which process has the file open, and end it if it hangs',
      });
    case 'SQLITE_CANTOPEN':
      return cantOpen(error, path);
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
      return notAllowed(error, path);
    case 'SQLITE_NOMEM':
      return limitError(error, `use the database ${path}`, 'ENOMEM');
    default:
      return error;
  }
}

function noSpace(cause: Error, path: string): BoxliteError {
  return new BoxliteError('no-space', `no space left on the host to write ${path}`, {
    cause,
    hint: 'free some space, or point BOXLITE_HOME at a larger disk',
  });
}

function ioError(cause: Error, path: string): BoxliteError {
  return new BoxliteError('host-io', `can't read or write ${path}: ${cause.message}`, {
    cause,
    hint: 'see whether the disk is well: the kernel log says what it answers (dmesg)',
  });
}

function notAllowed(cause: Error, path: string): BoxliteError {
  return new BoxliteError(
    'permission',
    `not allowed to use the database ${path}: ${cause.message}`,
    { cause, hint: 'give yourself write access to the home, or choose another one' },
  );
}

/** SQLite hides the errno here as well. */
function cantOpen(cause: Error, path: string): BoxliteError {
  return limited(cause, `open the database ${path}`) ?? notAllowed(cause, path);
}

/** An error of SQLite's native part. */
function bindingError(error: unknown): BoxliteError {
  const doing = "load SQLite's native part";
  const message = error instanceof Error ? error.message : String(error);
  return (
    limited(error, doing) ??
    new BoxliteError('setup-needed', `can't ${doing}: ${message}`, {
      cause: error,
      hint: 'install BoxLite again',
    })
  );
}

const isDlopen = (error: unknown): boolean => errnoOf(error) === 'ERR_DLOPEN_FAILED';

/**
 * More files than SQLite opens per database: the file, its journal, the journal's index, the
 * directory.
 */
const SQLITE_FILES = 8;

/** If it failed for lack of descriptors, there are still none. */
function limited(cause: unknown, doing: string): BoxliteError | undefined {
  const opened: number[] = [];
  try {
    while (opened.length < SQLITE_FILES) opened.push(openSync('/', 'r'));
    return undefined;
  } catch (error) {
    return limitError(cause, doing, errnoOf(error));
  } finally {
    for (const each of opened) closeSync(each);
  }
}

function isDiskFull(path: string): boolean {
  try {
    return statfsSync(dirname(path)).bavail === 0;
  } catch {
    return false;
  }
}
