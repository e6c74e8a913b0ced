import { open, rename, rm, stat } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';
import { temporaryBeside } from '../../host/make-once.js';

/**
 * The virtual size of every disk of every box, so that what the driver of a template has probed stays
 * true for each box that starts from it. Files are sparse, so only the number is large.
 */
export const DISK_BYTES = 2 ** 40;

/** Makes the shared file of holes that fills a joined disk up to its size. */
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
