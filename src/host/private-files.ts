/**
 * Nobody but its owner looks into a home: layers of private images, disks and output of boxes lie in it.
 * Its directories' mode keeps others out. Files keep modes by which a VMM, which may be another user, can
 * open again what it holds a descriptor of; behind those directories they mean nothing to others.
 *
 * Docker's and containerd's stores could be entered (CVE-2021-41091, CVE-2021-41103).
 */
import { chmodSync, lstatSync, statSync } from 'node:fs';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from './home.js';
import { makeDirectories } from './host-path.js';

const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;
const OTHERS = 0o077;

/**
 * Makes a directory of the home, and those above it that are missing, whatever the umask is.
 * @throws BoxliteError that names it
 */
export function makePrivateDirectory(path: string): void {
  try {
    makeDirectories(path, PRIVATE_DIRECTORY);
  } catch (error) {
    throw fileError(error, `create ${path}`);
  }
}

/**
 * Mends a home that was filled by other means, or by an older BoxLite. The home itself is left as it is: it
 * may be a directory that holds other things too.
 * @throws BoxliteError `permission` where a part of it is another user's, who could read and change what we
 *   put there: with root's authority, should we be root
 */
export function closeHome(home: Home): void {
  for (const path of home.privateDirectories()) close(path, PRIVATE_DIRECTORY);
  for (const path of home.privateFiles()) close(path, PRIVATE_FILE);
}

function close(path: string, mode: number): void {
  try {
    const own = lstatSync(path);
    refuseForeign(path, own.uid);
    // Somebody may keep his images on another disk.
    const stats = own.isSymbolicLink() ? statSync(path) : own;
    refuseForeign(path, stats.uid);
    if ((stats.mode & OTHERS) !== 0) chmodSync(path, mode);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `take others' access from ${path}`);
  }
}

function refuseForeign(path: string, owner: number): void {
  const self = process.geteuid?.();
  if (owner === self) return;
  throw new BoxliteError(
    'permission',
    `${path} belongs to user ${owner}, and we are user ${self}`,
    {
      hint: `run BoxLite as that user (sudo -u '#${owner}'), or set BOXLITE_HOME to a home of your own`,
    },
  );
}
