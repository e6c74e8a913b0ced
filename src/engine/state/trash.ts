/**
 * Where a box's directory lies while the box is removed: renamed, forgotten, deleted. A process that is killed in
 * between leaves a directory here: the next one restores that of a box that is still known, and deletes any other.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { Database } from '../../store/database.js';

const PREFIX = '.removed-';

const trashOf = (home: Home, id: string): string => join(home.boxes(), `${PREFIX}${id}`);

/** To be called by the holder of the box's lock. A box without a directory is no error. */
export async function moveToTrash(home: Home, id: string): Promise<void> {
  try {
    await rename(home.box(id), trashOf(home, id));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `remove ${home.box(id)}`);
  }
}

/** Of a box that the database has forgotten. */
export async function deleteTrash(home: Home, id: string): Promise<void> {
  await rm(trashOf(home, id), { recursive: true, force: true });
}

/**
 * Undoes a removal that was killed before the box was forgotten. To be called by the holder of the box's
 * lock, before the box's directory is looked at.
 */
export async function restoreFromTrash(home: Home, id: string): Promise<void> {
  try {
    await rename(trashOf(home, id), home.box(id));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `restore ${home.box(id)}`);
  }
}

/** Deletes the directories that killed removals of forgotten boxes have left. */
export async function emptyTrash(home: Home, database: Database): Promise<void> {
  for (const name of await namesIn(home.boxes())) {
    const id = name.slice(PREFIX.length);
    if (!name.startsWith(PREFIX) || database.boxes.get(id) !== undefined) continue;
    await deleteTrash(home, id);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${directory}`);
  }
}
