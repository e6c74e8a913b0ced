import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoxliteError } from '../errors.js';
import { isSqliteError } from './sqlite.js';

/**
 * Turns what SQLite reports into an error of ours that names the file; anything else (a broken
 * constraint, a bad statement: bugs) comes back as it is.
 * @param path the database file
 */
export function storeError(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return error;
  // Extended codes (SQLITE_IOERR_WRITE) begin with their primary one.
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
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return new BoxliteError(
        'permission',
        `not allowed to use the database ${path}: ${error.message}`,
        { cause: error, hint: 'give yourself write access to the home, or choose another one' },
      );
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
  return new BoxliteError('permission', `can't read or write ${path}: ${cause.message}`, { cause });
}

function isDiskFull(path: string): boolean {
  try {
    return statfsSync(dirname(path)).bavail === 0;
  } catch {
    return false;
  }
}
