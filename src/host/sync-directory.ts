import { open } from 'node:fs/promises';

/**
 * Syncs a directory's entries: after a crash, a synced file that was renamed into it may otherwise
 * lack its name.
 */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
