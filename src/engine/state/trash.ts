/**
 * Where a box's directory lies while the box is removed: renamed, forgotten, deleted. Whoever is killed in
 * between leaves a grave, of a box that is still known (it is given back) or of none (it is deleted).
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { Database } from '../../store/database.js';

const PREFIX = '.removed-';

const graveOf = (home: Home, id: string): string => join(home.boxes(), `${PREFIX}${id}`);

/** To be called by the holder of the box's lock. A box without a directory is no error. */
export async function bury(home: Home, id: string): Promise<void> {
  try {
    await rename(home.box(id), graveOf(home, id));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `remove ${home.box(id)}`);
  }
}

/** Of a box that has been forgotten. */
export async function clearGrave(home: Home, id: string): Promise<void> {
  await rm(graveOf(home, id), { recursive: true, force: true });
}

/**
 * Undoes a removal that was killed before the box was forgotten. To be called by the holder of the box's
 * lock, before the box's directory is looked at.
 */
export async function openGrave(home: Home, id: string): Promise<void> {
  try {
    await rename(graveOf(home, id), home.box(id));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `restore ${home.box(id)}`);
  }
}

/** Deletes what killed removals of forgotten boxes have left. */
export async function sweepGraves(home: Home, database: Database): Promise<void> {
  for (const name of await namesIn(home.boxes())) {
    const id = name.slice(PREFIX.length);
    if (!name.startsWith(PREFIX) || database.boxes.get(id) !== undefined) continue;
    await clearGrave(home, id);
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
