import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { errnoOf, fileError } from '../errors.js';

const OWNER_MAY = 0o700;

/**
 * Deletes a directory and what is in it, also directories that their owner may not enter: a box may have
 * written them. Nothing else may change it meanwhile. A missing one is no error.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await deleteTree(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'EACCES' && errno !== 'EPERM') throw fileError(error, `remove ${path}`);
    await openDirectories(Buffer.from(path));
    await deleteTree(path).catch((second: unknown) => {
      throw fileError(second, `remove ${path}`);
    });
  }
}

const deleteTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** A symbolic link is no directory here, so none is followed. Names are bytes. */
async function openDirectories(path: Buffer): Promise<void> {
  await chmod(path, OWNER_MAY);
  for (const name of await readdir(path, { encoding: 'buffer' })) {
    const inner = Buffer.concat([path, Buffer.from('/'), name]);
    if ((await lstat(inner)).isDirectory()) await openDirectories(inner);
  }
}
