import { open } from 'node:fs/promises';
import { fileError } from '../../errors.js';
import { encodeErofs } from '../erofs/erofs.js';
import { newDirectory } from '../layer/tree.js';
import { DISK_BYTES } from './disk-size.js';

/**
 * Makes the disk of an image without a file, for a machine that runs nothing: an EROFS with its root alone.
 * @param path must not exist; the file is `DISK_BYTES` long and sparse
 */
export async function makeEmptyDisk(path: string): Promise<void> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(encodeErofs(newDirectory(undefined), [], 0, Buffer.alloc(16)));
    await file.truncate(DISK_BYTES);
  } catch (error) {
    throw fileError(error, `make ${path}`);
  }
}
