/**
 * Holds a box's directory during its removal: rename, delete the record, delete the files. A killed process
 * leaves a directory here: the next process restores it if the box is still recorded, and deletes it
 * otherwise.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { Database } from '../../store/database.js';

const PREFIX = '.removed-';

const trashOf = (home: Home, id: string): string => join(home.boxes(), `${PREFIX}${id}`);

/** Call this with the box's lock. A box without a directory is not an error. */
export async function moveToTrash(home: Home, id: string): Promise<void> {
  try {
    await rename(home.box(id), trashOf(home, id));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `remove ${home.box(id)}`);
  }
}

/** Deletes the trash of a box that is no longer recorded. */
export async function deleteTrash(home: Home, id: string): Promise<void> {
  await rm(trashOf(home, id), { recursive: true, force: true });
}

/**
 * Undoes a removal that was killed before it deleted the box's record. Call this with the box's lock, before
 * the box's directory is read.
 */
export async function restoreFromTrash(home: Home, id: string): Promise<void> {
  try {
    await rename(trashOf(home, id), home.box(id));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `restore ${home.box(id)}`);
  }
}

/** Deletes the directories left by killed removals of boxes that are no longer recorded. */
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
