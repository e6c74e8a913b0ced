/**
 * The directories of volumes. Whoever makes one or puts it aside holds the lock of its name; what is put aside
 * is nobody's.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { removeTree } from '../../host/remove-tree.js';
import { syncDirectory } from '../../host/sync-directory.js';
import { acquireLock, type Lock } from '../../store/locks.js';
import { withReserve, writeWithReserve } from '../../store/reserve.js';
import type { NewVolume } from '../../store/volumes.js';
import { crashPoint } from '../machine/crash-point.js';
import type { EngineContext } from '../state/context.js';

export const TRASH_PREFIX = '.removed-';

/** How long an operation waits for another one on the same volume. */
export const LOCK_TIMEOUT_MS = 60_000;

/** Docker's mode: the users of a box enter it, and the home keeps those of the host out. */
const DATA_MODE = 0o755;

export function lockVolume(
  { database }: EngineContext,
  name: string,
  purpose: string,
  timeoutMs = LOCK_TIMEOUT_MS,
): Promise<Lock> {
  return acquireLock(database(), `volume:${name}`, { timeoutMs, purpose });
}

/** A disk's file is made when a box first starts with it. */
export function makeVolumeFiles(home: Home, { name, kind }: NewVolume): void {
  makePrivateDirectory(home.volume(name));
  if (kind === 'disk') return;
  const data = home.volumeData(name);
  try {
    mkdirSync(data);
    // Whatever the umask is.
    chmodSync(data, DATA_MODE);
  } catch (error) {
    throw fileError(error, `create ${data}`);
  }
}

/** Whether there is anything in it that a box or a user may have written. */
export function hasContent(home: Home, name: string): boolean {
  if (existsSync(home.volumeDisk(name))) return true;
  try {
    return readdirSync(home.volumeData(name)).length > 0;
  } catch (error) {
    // One that can't be looked into may hold anything.
    return errnoOf(error) !== 'ENOENT';
  }
}

/**
 * Makes the name free for another volume, however long the deletion takes. Call it with the lock of the name,
 * which has no record.
 * @returns what to delete without the lock
 */
export async function putAside(
  { home, database }: EngineContext,
  name: string,
): Promise<string | undefined> {
  const trash = join(home.volumes(), `${TRASH_PREFIX}${randomBytes(8).toString('hex')}`);
  const isMoved = await moved(home.volume(name), trash);
  const { volumes } = database();
  if (!volumes.isRemoved(name)) return isMoved ? trash : undefined;
  // Or after a power failure it might be in its place again, and taken for a volume.
  if (isMoved) await syncDirectory(home.volumes());
  writeWithReserve(home, () => volumes.forgetRemoved(name));
  return isMoved ? trash : undefined;
}

/** Deletes the files of a name that has just lost its volume. A second call deletes what is left. */
export async function deleteForgotten(context: EngineContext, name: string): Promise<void> {
  crashPoint('volume:forgotten');
  const trash = await withReserve(context.home, async () => {
    await using _lock = await lockVolume(context, name, 'remove');
    if (context.database().volumes.get(name) !== undefined) return undefined;
    return await putAside(context, name);
  });
  crashPoint('volume:put-aside');
  if (trash !== undefined) await removeTree(trash);
}

async function moved(path: string, to: string): Promise<boolean> {
  try {
    await rename(path, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(error, `remove ${path}`);
  }
}
