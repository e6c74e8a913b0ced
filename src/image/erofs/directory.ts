import type { Inode } from '../layer/tree.js';
import { EROFS_BLOCK, FILE_TYPES } from './format.js';

/**
 * `u64 nid · u16 name offset · u8 type · u8 0`: a block holds as many as fit, followed by their
 * names.
 */
const DIRENT_BYTES = 12;

export interface DirectoryEntry {
  name: string;
  inode: Inode;
}

/**
 * Sorts a directory's entries for the kernel's binary search: by bytes, over the whole directory,
 * including `.` and `..`.
 */
export function sortEntries(entries: DirectoryEntry[]): DirectoryEntry[] {
  // One character is one byte, so comparing strings compares bytes.
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Bytes of the directory's content: full blocks, then what the last one needs. */
export function directoryBytes(entries: readonly DirectoryEntry[]): number {
  let blocks = 0;
  let used = 0;
  for (const { name } of entries) {
    const needed = DIRENT_BYTES + name.length;
    if (used + needed > EROFS_BLOCK) {
      blocks++;
      used = 0;
    }
    used += needed;
  }
  return blocks * EROFS_BLOCK + used;
}

/** Yields the content block by block, zero-padded except for the last. */
export function* directoryBlocks(
  entries: readonly DirectoryEntry[],
  nidOf: (inode: Inode) => bigint,
): Generator<Buffer> {
  let start = 0;
  let used = 0;
  for (const [index, { name }] of entries.entries()) {
    const needed = DIRENT_BYTES + name.length;
    if (used + needed > EROFS_BLOCK) {
      yield encodeBlock(entries.slice(start, index), EROFS_BLOCK, nidOf);
      start = index;
      used = 0;
    }
    used += needed;
  }
  yield encodeBlock(entries.slice(start), used, nidOf);
}

function encodeBlock(
  entries: readonly DirectoryEntry[],
  bytes: number,
  nidOf: (inode: Inode) => bigint,
): Buffer {
  const block = Buffer.alloc(bytes);
  let nameOffset = entries.length * DIRENT_BYTES;
  for (const [index, { name, inode }] of entries.entries()) {
    const at = index * DIRENT_BYTES;
    block.writeBigUInt64LE(nidOf(inode), at);
    block.writeUInt16LE(nameOffset, at + 8);
    block.writeUInt8(FILE_TYPES[inode.kind].dirent, at + 10);
    nameOffset += block.write(name, nameOffset, 'latin1');
  }
  return block;
}
