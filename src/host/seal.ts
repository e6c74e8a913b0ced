import { type FileHandle, open, stat, utimes } from 'node:fs/promises';
import { errnoOf } from '../errors.js';

/**
 * A whole, verified file of the store carries this modification time as its seal. Writing to it,
 * truncating it or replacing it sets another time, so one `stat` shows that its content may no
 * longer be what was verified. Copies that keep times (`cp -a`, hard links) stay sealed; the seal
 * detects neither silent disk corruption nor a writer who sets the time back. The moment,
 * 2001-09-09 01:46:40 UTC, is one at which no file here is honestly written.
 */
const SEAL_MS = 1_000_000_000_000;

/** Seals a file whose content is verified and synced. */
export async function seal(file: FileHandle | string): Promise<void> {
  const seconds = SEAL_MS / 1000;
  if (typeof file === 'string') await utimes(file, seconds, seconds);
  else await file.utimes(seconds, seconds);
}

export function isSealed(stats: { mtimeMs: number }): boolean {
  return stats.mtimeMs === SEAL_MS;
}

/** Whether all of the files exist and are sealed. */
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

/** Writes a new file, syncs it and seals it. */
export async function writeSealed(path: string, content: Uint8Array | string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await file.datasync();
  await seal(file);
}
