import { open, rename, rm } from 'node:fs/promises';
import { fileError } from '../errors.js';

/**
 * Writes a file so that other processes see all of it or nothing, even after a crash. The directory
 * must exist.
 */
export async function writeFileWhole(
  path: string,
  data: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.new-${process.pid}-${process.hrtime.bigint().toString(36)}`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, `write ${path}`);
  }
}
