import { randomBytes } from 'node:crypto';
import { chmod, lstat, readdir, rename, rm } from 'node:fs/promises';
import { errnoOf, fileError } from '../errors.js';

const OWNER_MAY = 0o700;

/** Bytes below the tree's root; well under the kernel's limit for a path, 4096. */
const LONGEST_PATH = 1024;

/** What the second attempt may change. */
const CURABLE = new Set(['EACCES', 'EPERM', 'ENAMETOOLONG']);

/**
 * Deletes a directory and what is in it, also directories that their owner may not enter, and those deeper
 * than any path reaches: a box may have written them. Nothing but another deletion may change it meanwhile. A
 * missing one is no error.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await deleteTree(path).catch(async (error: unknown) => {
      if (!CURABLE.has(errnoOf(error) ?? '')) throw error;
      await openDirectories(Buffer.from(path));
      await deleteTree(path);
    });
  } catch (error) {
    throw fileError(error, `remove ${path}`);
  }
}

const deleteTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

/** Lets the owner into each directory, and moves the deep ones up. */
async function openDirectories(root: Buffer): Promise<void> {
  const left = [root];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    try {
      left.push(...(await openDirectory(root, path)));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** @returns the directories in it. A symbolic link is none, so none is followed. Names are bytes. */
async function openDirectory(root: Buffer, path: Buffer): Promise<Buffer[]> {
  await chmod(path, OWNER_MAY);
  if (path.length - root.length > LONGEST_PATH) {
    const above = inside(root, Buffer.from(randomBytes(16).toString('hex')));
    await rename(path, above);
    return [above];
  }
  const directories: Buffer[] = [];
  for (const name of await readdir(path, { encoding: 'buffer' })) {
    const inner = inside(path, name);
    if (await isDirectory(inner)) directories.push(inner);
  }
  return directories;
}

const inside = (path: Buffer, name: Buffer): Buffer =>
  Buffer.concat([path, Buffer.from('/'), name]);

async function isDirectory(path: Buffer): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
