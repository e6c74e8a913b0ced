import { open, rename, rm, stat } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';
import { temporaryBeside } from '../../host/make-once.js';

/**
 * The virtual size of every disk of every box, so that what a template's driver has probed holds
 * for each box that starts from it. The files are sparse, so only the number is large.
 */
export const DISK_BYTES = 2 ** 40;

/** Creates the shared file of holes that pads a joined disk to its size. */
export async function makePadding(path: string): Promise<void> {
  try {
    if ((await stat(path)).size === DISK_BYTES) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const temporary = temporaryBeside(path);
  try {
    await using file = await open(temporary, 'wx', 0o600);
    await file.truncate(DISK_BYTES);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
