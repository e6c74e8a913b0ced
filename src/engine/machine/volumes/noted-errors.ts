import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../../../errors.js';

/** Of ext4's super block (Linux, Documentation/filesystems/ext4/super.rst): where it begins, and its fields. */
const SUPER_BLOCK = 1024;
const MAGIC = { at: 0x38, value: 0xef53 };
const STATE = { at: 0x3a, errors: 0x2 };

/**
 * Whether the kernel has found errors in the file system of this disk, which it notes for a later check. A disk that was
 * merely not unmounted needs none: its journal is replayed when it is mounted.
 */
export async function hasNotedErrors(disk: string): Promise<boolean> {
  try {
    await using file: FileHandle = await open(disk, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, SUPER_BLOCK);
    return (
      bytesRead === 64 &&
      buffer.readUInt16LE(MAGIC.at) === MAGIC.value &&
      (buffer.readUInt16LE(STATE.at) & STATE.errors) !== 0
    );
  } catch (error) {
    throw fileError(error, `read ${disk}`);
  }
}
