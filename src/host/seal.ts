import { type FileHandle, open, stat, utimes } from 'node:fs/promises';
import { errnoOf } from '../errors.js';

/**
 * A file of the store that is whole and verified carries this modification time as its seal. Whoever
 * writes to it, cuts it or puts another in its place leaves another time behind, so one `stat` tells
 * that its content is no longer what was verified. Copies that keep times (`cp -a`, hard links) stay
 * sealed; a disk that rots in silence, or a writer who sets the time back, is not noticed by it.
 * The moment, 2001-09-09 01:46:40 UTC, is one that no file here is honestly written at.
 */
const SEAL_MS = 1_000_000_000_000;

/** Seals a file whose content is verified and on the disk. */
export async function seal(file: FileHandle | string): Promise<void> {
  const seconds = SEAL_MS / 1000;
  if (typeof file === 'string') await utimes(file, seconds, seconds);
  else await file.utimes(seconds, seconds);
}

export function isSealed(stats: { mtimeMs: number }): boolean {
  return stats.mtimeMs === SEAL_MS;
}

/** Whether all of the files are there, sealed. */
export async function areSealed(paths: readonly string[]): Promise<boolean> {
  const sealed = await Promise.all(paths.map(isSealedFile));
  return sealed.every(Boolean);
}

async function isSealedFile(path: string): Promise<boolean> {
  try {
    return isSealed(await stat(path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Writes a new file whole, to the disk, and seals it. */
export async function writeSealed(path: string, content: Uint8Array | string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await file.datasync();
  await seal(file);
}
