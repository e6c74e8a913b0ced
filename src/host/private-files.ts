/**
 * Only its owner may look into a home: it holds layers of private images, and disks and output of
 * boxes. The mode of its directories keeps others out. The files keep modes that let a VMM,
 * possibly another user, reopen what it holds a descriptor of; behind those directories, others
 * can't use them.
 *
 * Others could enter Docker's and containerd's stores (CVE-2021-41091, CVE-2021-41103).
 */
import { chmodSync, lstatSync, statSync } from 'node:fs';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from './home.js';
import { makeDirectories } from './host-path.js';

const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;
const OTHERS = 0o077;

/**
 * Creates a directory of the home and its missing parents, whatever the umask is.
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
 * Repairs the modes of a home that an older BoxLite or another tool filled. The home directory
 * itself keeps its mode, since it may hold other things too.
 * @throws BoxliteError `permission` when a part of it belongs to another user, who could read and
 * change what we write there: with root's authority, if we are root
 */
export function closeHome(home: Home): void {
  for (const path of home.privateDirectories()) close(path, PRIVATE_DIRECTORY);
  for (const path of home.privateFiles()) close(path, PRIVATE_FILE);
}

function close(path: string, mode: number): void {
  try {
    const own = lstatSync(path);
    refuseForeign(path, own.uid);
    // Users may keep their images on another disk.
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
