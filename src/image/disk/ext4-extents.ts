import type { FileHandle } from 'node:fs/promises';
import { BoxliteError } from '../../errors.js';

/** A part of a file: its start and length in bytes. */
export interface ByteRange {
  offset: number;
  length: number;
}

const BLOCK = 4096;
const ZERO_BLOCK = Buffer.alloc(BLOCK);
const READ_BYTES = 1 << 20;
const SUPERBLOCK_OFFSET = 1024;
const MAGIC = 0xef53;
const DESCRIPTOR_BYTES = 64;
const GROUP_INODE_UNINIT = 1;
const GROUP_BLOCK_UNINIT = 2;

/**
 * The non-zero parts of a new ext4 file system. Node has no SEEK_DATA, and reading the holes would
 * take minutes on a large disk. But all written data is in blocks that are in use: those in each
 * group's bitmap, minus the unused inode tables (Linux Documentation/filesystems/ext4: super,
 * group_descr, bitmaps).
 * @param file made by `mke2fs` with 4096-byte blocks, the 64bit feature and no backup superblocks
 */
export async function ext4Extents(file: FileHandle): Promise<ByteRange[]> {
  const groups = await readGroups(file);
  const unusedTables = new RangeSet(groups.filter((group) => group.tableUnused).map(tableOf));
  const extents: ByteRange[] = [];
  for (const group of groups) {
    if (group.bitmapUnused) continue;
    const bitmap = await readAt(file, group.bitmap * BLOCK, BLOCK);
    for (const run of usedRuns(bitmap, group.start, group.blocks))
      for (const part of unusedTables.outside(run)) await collectNonZero(file, part, extents);
  }
  return extents;
}

interface Group {
  start: number;
  blocks: number;
  bitmap: number;
  /** The bitmap was never written: only what other groups keep here is in use. */
  bitmapUnused: boolean;
  table: number;
  tableBlocks: number;
  tableUnused: boolean;
}

/** Blocks from `start` to `end`, exclusive. */
interface Run {
  start: number;
  end: number;
}

async function readGroups(file: FileHandle): Promise<Group[]> {
  const superblock = await readAt(file, SUPERBLOCK_OFFSET, 1024);
  const totalBlocks = superblock.readUInt32LE(0x04) + superblock.readUInt32LE(0x150) * 2 ** 32;
  const groupBlocks = superblock.readUInt32LE(0x20);
  const tableBlocks = (superblock.readUInt32LE(0x28) * superblock.readUInt16LE(0x58)) / BLOCK;
  if (
    superblock.readUInt16LE(0x38) !== MAGIC ||
    1024 << superblock.readUInt32LE(0x18) !== BLOCK ||
    superblock.readUInt16LE(0xfe) !== DESCRIPTOR_BYTES
  )
    throw new BoxliteError('setup-needed', 'mke2fs made a file system we do not know', {
      hint: 'install e2fsprogs 1.44 or newer',
    });
  const count = Math.ceil(totalBlocks / groupBlocks);
  const descriptors = await readAt(file, BLOCK, count * DESCRIPTOR_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const at = index * DESCRIPTOR_BYTES;
    const wide = (low: number, high: number): number =>
      descriptors.readUInt32LE(at + low) + descriptors.readUInt32LE(at + high) * 2 ** 32;
    const flags = descriptors.readUInt16LE(at + 0x12);
    return {
      start: index * groupBlocks,
      blocks: Math.min(groupBlocks, totalBlocks - index * groupBlocks),
      bitmap: wide(0x00, 0x20),
      bitmapUnused: (flags & GROUP_BLOCK_UNINIT) !== 0,
      table: wide(0x08, 0x28),
      tableBlocks,
      tableUnused: (flags & GROUP_INODE_UNINIT) !== 0,
    };
  });
}

function tableOf({ table, tableBlocks }: Group): Run {
  return { start: table, end: table + tableBlocks };
}

function* usedRuns(bitmap: Buffer, firstBlock: number, blocks: number): Generator<Run> {
  const isUsed = (index: number): boolean =>
    index < blocks && ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  for (let start = 0; start < blocks; start++) {
    if (!isUsed(start)) continue;
    let end = start + 1;
    while (isUsed(end)) end++;
    yield { start: firstBlock + start, end: firstBlock + end };
    start = end;
  }
}

/** Ascending runs that do not overlap. */
class RangeSet {
  readonly #runs: Run[];

  constructor(runs: Run[]) {
    this.#runs = runs.sort((a, b) => a.start - b.start);
  }

  /** The parts of `run` that this set does not cover. */
  *outside(run: Run): Generator<Run> {
    let { start } = run;
    for (const covered of this.#runs) {
      if (covered.end <= start) continue;
      if (covered.start >= run.end) break;
      if (covered.start > start) yield { start, end: covered.start };
      start = Math.max(start, covered.end);
    }
    if (start < run.end) yield { start, end: run.end };
  }
}

async function collectNonZero(file: FileHandle, run: Run, extents: ByteRange[]): Promise<void> {
  for (let offset = run.start * BLOCK; offset < run.end * BLOCK; offset += READ_BYTES) {
    const bytes = await readAt(file, offset, Math.min(READ_BYTES, run.end * BLOCK - offset));
    for (let at = 0; at < bytes.length; at += BLOCK) {
      if (bytes.compare(ZERO_BLOCK, 0, BLOCK, at, at + BLOCK) === 0) continue;
      const last = extents.at(-1);
      if (last !== undefined && last.offset + last.length === offset + at) last.length += BLOCK;
      else extents.push({ offset: offset + at, length: BLOCK });
    }
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}
