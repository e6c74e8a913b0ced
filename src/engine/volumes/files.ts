/**
 * The directories of volumes. One without a record is what a killed creation or removal has left: nobody's.
 * Whoever makes or deletes one holds the lock of its name.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { removeTree } from '../../host/remove-tree.js';
import { acquireLock, type Lock } from '../../store/locks.js';
import type { NewVolume } from '../../store/volumes.js';
import type { EngineContext } from '../state/context.js';

const LOCK_TIMEOUT_MS = 60_000;
const TRASH_PREFIX = '.removed-';

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

/** Deletes what belongs to a name that no volume has. Call it with the lock of the name. */
export async function deleteVolumeFiles(home: Home, name: string): Promise<void> {
  const trash = join(home.volumes(), `${TRASH_PREFIX}${randomBytes(8).toString('hex')}`);
  try {
    // Then another volume may get the name, however long the deletion takes or whatever ends it.
    await rename(home.volume(name), trash);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw fileError(error, `remove ${home.volume(name)}`);
  }
  await removeTree(trash);
}

/** The same for a name that has just lost its volume. */
export async function deleteForgotten(context: EngineContext, name: string): Promise<void> {
  await using _lock = await lockVolume(context, name, 'remove');
  if (context.database().volumes.get(name) === undefined)
    await deleteVolumeFiles(context.home, name);
}

/** Deletes what killed processes have left. */
export async function sweepVolumes(context: EngineContext): Promise<void> {
  const { home, database } = context;
  for (const name of await namesIn(home.volumes())) {
    if (name.startsWith(TRASH_PREFIX)) await removeTree(join(home.volumes(), name));
    else if (database().volumes.get(name) === undefined) await sweep(context, name);
  }
}

/** Leaves one that is being made. */
async function sweep(context: EngineContext, name: string): Promise<void> {
  let lock: Lock;
  try {
    lock = await lockVolume(context, name, 'remove', 0);
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'box-busy') return;
    throw error;
  }
  await using _lock = lock;
  if (context.database().volumes.get(name) === undefined)
    await deleteVolumeFiles(context.home, name);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${directory}`);
  }
}
