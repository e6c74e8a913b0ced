import { BoxliteError } from '../../errors.js';
import { type Directory, type Inode, isDirectory } from '../layer/tree.js';
import { directoryBlocks, directoryBytes, type DirectoryEntry, sortEntries } from './directory.js';
import {
  encodeSuperblock,
  EROFS_BLOCK,
  INODE_BYTES,
  type InodePlace,
  META_BLOCK,
  NID_UNIT,
  writeInode,
} from './format.js';
import { writeXattrs, xattrBytes } from './xattr.js';

/** Metadata is built in memory. Two million ordinary files need a tenth of this. */
const MAX_METADATA_BYTES = 2 ** 31;

/**
 * EROFS metadata for a tree whose file contents are elsewhere on the device: right after the
 * metadata, the data of each layer in turn. Equal input gives equal bytes.
 * @param layerStarts where each layer's data begins, in 4096-byte blocks counted from the
 * metadata's end
 * @param dataBlocks blocks of all layers' data
 * @param uuid 16 bytes
 * @returns whole blocks
 */
export function encodeErofs(
  root: Directory,
  layerStarts: readonly number[],
  dataBlocks: number,
  uuid: Buffer,
): Buffer {
  const plan = planInodes(root);
  const metaBlocks = placeInodes(plan);
  if (metaBlocks * EROFS_BLOCK > MAX_METADATA_BYTES)
    throw new BoxliteError(
      'unsupported',
      `the image's names and attributes need more than ${MAX_METADATA_BYTES} bytes`,
    );
  const blocks = metaBlocks + dataBlocks;
  if (blocks > 0xffffffff)
    throw new BoxliteError('unsupported', 'the image needs more than 16 TiB');

  const out = Buffer.alloc(metaBlocks * EROFS_BLOCK);
  const nidOf = (inode: Inode): bigint => BigInt(planned(plan, inode).offset / NID_UNIT);
  for (const node of plan.values()) {
    const { inode } = node;
    if (inode.kind === 'file' && inode.size > 0)
      node.startBlock = metaBlocks + (layerStarts[inode.layer] ?? 0) + inode.block;
    const at = META_BLOCK * EROFS_BLOCK + node.offset;
    writeInode(inode, node, out, at);
    writeXattrs(inode.xattrs, out, at + INODE_BYTES);
    if (node.inPlace > 0) writeContent(node, out, nidOf);
  }
  const rootNid = Number(nidOf(root));
  encodeSuperblock({ rootNid, inodes: plan.size, blocks, uuid }).copy(out);
  return out;
}

/** An inode and its place on the device. */
interface PlannedInode extends InodePlace {
  inode: Inode;
  /** A directory's sorted entries. */
  entries: DirectoryEntry[];
  /** Bytes of content within the metadata: directories and symlinks. */
  inPlace: number;
  /** Offset from the start of the inodes. */
  offset: number;
}

type Plan = Map<Inode, PlannedInode>;

/**
 * Every inode once, directory by directory, so that entries listed together are stored together.
 */
function planInodes(root: Directory): Plan {
  const plan: Plan = new Map();
  const directories = [planInode(plan, root)];
  for (const node of directories) {
    const directory = node.inode as Directory;
    const names = [...directory.names].map(([name, { inode }]) => ({ name, inode }));
    for (const { inode } of names) {
      const known = plan.get(inode);
      if (known !== undefined) known.links++;
      else {
        const child = planInode(plan, inode);
        if (isDirectory(inode)) {
          directories.push(child);
          node.links++;
        }
      }
    }
    node.entries = sortEntries([
      { name: '.', inode: directory },
      { name: '..', inode: directory.parent },
      ...names,
    ]);
    node.inPlace = node.size = directoryBytes(node.entries);
  }
  return plan;
}

function planInode(plan: Plan, inode: Inode): PlannedInode {
  const inPlace = inode.kind === 'symlink' ? inode.target.length : 0;
  const node: PlannedInode = {
    inode,
    entries: [],
    number: plan.size + 1,
    links: isDirectory(inode) ? 2 : 1,
    size: inode.kind === 'file' ? inode.size : inPlace,
    inPlace,
    xattrBytes: xattrBytes(inode.xattrs),
    inline: false,
    startBlock: 0,
    offset: 0,
  };
  plan.set(inode, node);
  return node;
}

/**
 * Gives each inode its offset and its content's blocks. @returns the length of all metadata in
 * blocks
 */
function placeInodes(plan: Plan): number {
  let offset = 0;
  for (const node of plan.values()) {
    const head = INODE_BYTES + node.xattrBytes;
    const tail = node.inPlace % EROFS_BLOCK;
    node.inline = tail > 0 && head + tail <= EROFS_BLOCK;
    // An inode, with its inline tail if any, must not cross a block boundary.
    const together = node.inline ? head + tail : INODE_BYTES;
    const room = EROFS_BLOCK - (offset % EROFS_BLOCK);
    if (together > room) offset += room;
    node.offset = offset;
    offset = roundUp(offset + head + (node.inline ? tail : 0), NID_UNIT);
  }
  let block = META_BLOCK + roundUp(offset, EROFS_BLOCK) / EROFS_BLOCK;
  for (const node of plan.values()) {
    if (node.inPlace === 0) continue;
    const bytes = node.inline ? node.inPlace - (node.inPlace % EROFS_BLOCK) : node.inPlace;
    if (bytes > 0) node.startBlock = block;
    block += roundUp(bytes, EROFS_BLOCK) / EROFS_BLOCK;
  }
  return block;
}

function writeContent(node: PlannedInode, out: Buffer, nidOf: (inode: Inode) => bigint): void {
  const pieces =
    node.inode.kind === 'symlink'
      ? [Buffer.from(node.inode.target, 'latin1')]
      : directoryBlocks(node.entries, nidOf);
  let at = node.startBlock * EROFS_BLOCK;
  for (const piece of pieces) {
    // Only the last piece is shorter than a block, and only it may follow the inode.
    if (piece.length < EROFS_BLOCK && node.inline)
      at = META_BLOCK * EROFS_BLOCK + node.offset + INODE_BYTES + node.xattrBytes;
    piece.copy(out, at);
    at += piece.length;
  }
}

function planned(plan: Plan, inode: Inode): PlannedInode {
  const node = plan.get(inode);
  if (node === undefined) throw new Error('erofs: a directory entry leads to an unplanned inode');
  return node;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
