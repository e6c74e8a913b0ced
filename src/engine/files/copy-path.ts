import { posix } from 'node:path';
import { BoxliteError } from '../../errors.js';
import { absolutePath } from '../../host/host-path.js';

/** The end of a path matters: `DIR/.` means the content of DIR, and `DIR/` must be a directory. */
const ENDINGS = /(?:^|\/)\.$|\/$/;

/**
 * A box's path: always absolute, with "." and ".." resolved lexically, without following links (Docker's
 * rule).
 */
export function boxPath(path: string): string {
  return kept(path, posix.resolve('/', checked(path)));
}

/** A path of the host, resolved from the working directory. */
export function hostPath(path: string): string {
  if (path === '')
    throw new BoxliteError('invalid-argument', 'a path of the host can not be empty');
  return kept(path, absolutePath(checked(path)));
}

/** The contents of the directory at `path`. */
export function contentsOf(path: string): string {
  return path.endsWith('/.') ? path : `${path.replace(/\/+$/, '')}/.`;
}

/** The name for a copy of the absolute `path`: its last component, or `.` for the content of a directory. */
export function lastName(path: string): string {
  return posix.basename(path) || '.';
}

function kept(given: string, resolved: string): string {
  const ending = ENDINGS.exec(given)?.[0];
  if (ending === undefined || resolved === '/') return resolved;
  return `${resolved}${ending === '/' ? '/' : '/.'}`;
}

function checked(path: string): string {
  if (path.includes('\0'))
    throw new BoxliteError('invalid-argument', `the path ${JSON.stringify(path)} holds a NUL byte`);
  return path;
}
