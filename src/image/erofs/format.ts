import type { Inode } from '../layer/tree.js';
import { crc32c } from './crc32c.js';
import { xattrCount } from './xattr.js';

/**
 * Names and numbers from the kernel's fs/erofs/erofs_fs.h; Linux 5.4 and newer can read the format.
 */
export const EROFS_BLOCK = 4096;
const BLOCK_BITS = 12;
const MAGIC = 0xe0f5e1e2;
const SUPERBLOCK_OFFSET = 1024;
const COMPAT_SUPERBLOCK_CHECKSUM = 1;

/** Bytes of an extended inode: the form with 64-bit size, 32-bit ids and its own time. */
export const INODE_BYTES = 64;
/** Unit of a node number: an inode's offset from the start of the metadata. */
export const NID_UNIT = 32;
/** Block at which the inodes begin; the superblock fills the one before. */
export const META_BLOCK = 1;

const EXTENDED = 1;
const LAYOUT = { plain: 0, inline: 2 };

/** Type bits of st_mode, and the type in a directory entry. */
export const FILE_TYPES: Readonly<Record<Inode['kind'], { mode: number; dirent: number }>> = {
  file: { mode: 0o100000, dirent: 1 },
  directory: { mode: 0o040000, dirent: 2 },
  character: { mode: 0o020000, dirent: 3 },
  block: { mode: 0o060000, dirent: 4 },
  fifo: { mode: 0o010000, dirent: 5 },
  symlink: { mode: 0o120000, dirent: 7 },
};

export interface Superblock {
  rootNid: number;
  inodes: number;
  /** Blocks of the device that belong to the file system. */
  blocks: number;
  uuid: Buffer;
}

/** The first block of the device. */
export function encodeSuperblock({ rootNid, inodes, blocks, uuid }: Superblock): Buffer {
  const block = Buffer.alloc(EROFS_BLOCK);
  const at = SUPERBLOCK_OFFSET;
  block.writeUInt32LE(MAGIC, at);
  block.writeUInt32LE(COMPAT_SUPERBLOCK_CHECKSUM, at + 8);
  block.writeUInt8(BLOCK_BITS, at + 12);
  block.writeUInt16LE(rootNid, at + 14);
  block.writeBigUInt64LE(BigInt(inodes), at + 16);
  block.writeUInt32LE(blocks, at + 36);
  block.writeUInt32LE(META_BLOCK, at + 40);
  uuid.copy(block, at + 48, 0, 16);
  // Covers the rest of the block, with the checksum's own field still zero.
  block.writeUInt32LE(crc32c(block.subarray(at)), at + 4);
  return block;
}

export interface InodePlace {
  number: number;
  links: number;
  size: number;
  xattrBytes: number;
  /** The content after the last full block directly follows the inode. */
  inline: boolean;
  /** First block of the content on the device. */
  startBlock: number;
}

/** Writes an extended inode at `offset` of a zeroed buffer. */
export function writeInode(inode: Inode, place: InodePlace, out: Buffer, offset: number): void {
  const layout = place.inline ? LAYOUT.inline : LAYOUT.plain;
  out.writeUInt16LE(EXTENDED | (layout << 1), offset);
  out.writeUInt16LE(xattrCount(place.xattrBytes), offset + 2);
  out.writeUInt16LE(FILE_TYPES[inode.kind].mode | inode.mode, offset + 4);
  out.writeBigUInt64LE(BigInt(place.size), offset + 8);
  out.writeUInt32LE(isDevice(inode) ? encodeDevice(inode) : place.startBlock, offset + 16);
  out.writeUInt32LE(place.number, offset + 20);
  out.writeUInt32LE(inode.uid, offset + 24);
  out.writeUInt32LE(inode.gid, offset + 28);
  out.writeBigInt64LE(BigInt(inode.mtimeSec), offset + 32);
  out.writeUInt32LE(inode.mtimeNsec, offset + 40);
  out.writeUInt32LE(place.links, offset + 44);
}

function isDevice({ kind }: Inode): boolean {
  return kind === 'character' || kind === 'block';
}

/** The kernel's new_encode_dev. */
function encodeDevice({ major, minor }: Inode): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
