import { open } from 'node:fs/promises';

/** Puts on the disk which files a directory has: a synced file that was renamed into it may else be lost by its name. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
