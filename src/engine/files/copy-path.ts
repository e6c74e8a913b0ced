import { posix } from 'node:path';
import { BoxliteError } from '../../errors.js';
import { absolutePath } from '../../host/host-path.js';

/** In a path's end there is meaning: `DIR/.` is what is in DIR, and `DIR/` has to be a directory. */
const ENDINGS = /(?:^|\/)\.$|\/$/;

/** A box's path: always absolute, and "." and ".." are taken out without looking at links (Docker's rule). */
export function boxPath(path: string): string {
  return kept(path, posix.resolve('/', checked(path)));
}

/** A path of the host, from the working directory. */
export function hostPath(path: string): string {
  if (path === '')
    throw new BoxliteError('invalid-argument', 'a path of the host can not be empty');
  return kept(path, absolutePath(checked(path)));
}

/** The contents of the directory at `path`. */
export function contentsOf(path: string): string {
  return path.endsWith('/.') ? path : `${path.replace(/\/+$/, '')}/.`;
}

/** What a copy of `path`, absolute, is called: its last name, and `.` when it is what is in a directory. */
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
