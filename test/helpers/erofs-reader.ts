/**
 * A reader of uncompressed EROFS disks, based only on the format's description (Linux,
 * Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h); it shares no code with the writer. It throws
 * at whatever the kernel would consider corrupt.
 */
const BLOCK = 4096;
const MAGIC = 0xe0f5e1e2;
const PREFIXES = new Map([
  [1, 'user.'],
  [2, 'system.posix_acl_access'],
  [3, 'system.posix_acl_default'],
  [4, 'trusted.'],
  [6, 'security.'],
]);
const TYPES = new Map([
  [0o100000, { kind: 'file', dirent: 1 }],
  [0o040000, { kind: 'directory', dirent: 2 }],
  [0o020000, { kind: 'character', dirent: 3 }],
  [0o060000, { kind: 'block', dirent: 4 }],
  [0o010000, { kind: 'fifo', dirent: 5 }],
  [0o120000, { kind: 'symlink', dirent: 7 }],
]);

/** The file at one path. Names, targets and values hold bytes as latin1. */
export interface ErofsFile {
  kind: string;
  mode: number;
  uid: number;
  gid: number;
  mtimeSec: number;
  mtimeNsec: number;
  links: number;
  /** Inode number: equal for all names of a file. */
  number: number;
  /** A file's content, or a symlink's target. */
  content: string;
  /** `major:minor` */
  device: string;
  xattrs: Record<string, string>;
}

/** All paths of a disk; '' is the root. */
export function readErofs(disk: Buffer): Map<string, ErofsFile> {
  const superblock = disk.subarray(1024);
  check(superblock.readUInt32LE(0) === MAGIC, 'the magic number');
  check(superblock.readUInt8(12) === 12, 'the block size');
  check(superblock.readUInt32LE(80) === 0, 'incompatible features');
  check(superblock.readUInt32LE(36) * BLOCK === disk.length, 'the number of blocks');
  const reader = new Reader(disk, superblock.readUInt32LE(40) * BLOCK);
  const root = superblock.readUInt16LE(14);
  const files = new Map<string, ErofsFile>();
  const ahead = [{ path: '', nid: root, parent: root }];
  for (const { path, nid, parent } of ahead) {
    const { file, entries } = reader.inode(nid);
    files.set(path, file);
    if (entries === undefined) continue;
    let subdirectories = 0;
    for (const { name, nid: child, type } of entries) {
      if (name === '.') check(child === nid, `. in ${path}`);
      else if (name === '..') check(child === parent, `.. in ${path}`);
      else {
        ahead.push({ path: path === '' ? name : `${path}/${name}`, nid: child, parent: nid });
        if (type === 2) subdirectories++;
        check(reader.inode(child).type === type, `the type of ${name} in ${path}`);
      }
    }
    check(file.links === 2 + subdirectories, `the links of ${path}`);
  }
  check(Number(superblock.readBigUInt64LE(16)) === reader.count, 'the number of inodes');
  return files;
}

interface DirectoryEntry {
  name: string;
  nid: number;
  type: number;
}

interface ReadInode {
  file: ErofsFile;
  /** The type that its directory entries must have. */
  type: number;
  entries: DirectoryEntry[] | undefined;
}

class Reader {
  readonly #known = new Map<number, ReadInode>();

  constructor(
    readonly disk: Buffer,
    readonly metadata: number,
  ) {}

  get count(): number {
    return this.#known.size;
  }

  inode(nid: number): ReadInode {
    const known = this.#known.get(nid);
    if (known !== undefined) return known;
    const read = this.#read(this.metadata + nid * 32);
    this.#known.set(nid, read);
    return read;
  }

  #read(at: number): ReadInode {
    const { disk } = this;
    check((at % BLOCK) + 64 <= BLOCK, 'an inode over the end of a block');
    const format = disk.readUInt16LE(at);
    check((format & 1) === 1, 'a compact inode');
    const layout = format >> 1;
    const mode = disk.readUInt16LE(at + 4);
    const type = TYPES.get(mode & 0o170000);
    if (type === undefined) throw new Error(`erofs: mode ${mode.toString(8)}`);
    const count = disk.readUInt16LE(at + 2);
    const xattrBytes = count === 0 ? 0 : 12 + (count - 1) * 4;
    const isDevice = type.kind === 'character' || type.kind === 'block';
    const raw = disk.readUInt32LE(at + 16);
    const size = Number(disk.readBigUInt64LE(at + 8));
    const content = isDevice
      ? Buffer.alloc(0)
      : this.#content(layout, size, raw * BLOCK, at + 64 + xattrBytes);
    const isDirectory = type.kind === 'directory';
    const file = {
      kind: type.kind,
      mode: mode & 0o7777,
      uid: disk.readUInt32LE(at + 24),
      gid: disk.readUInt32LE(at + 28),
      mtimeSec: Number(disk.readBigInt64LE(at + 32)),
      mtimeNsec: disk.readUInt32LE(at + 40),
      links: disk.readUInt32LE(at + 44),
      number: disk.readUInt32LE(at + 20),
      content: isDirectory ? '' : content.toString('latin1'),
      // The kernel's new_encode_dev: the low 8 bits of minor, 12 bits of major, then the rest of minor.
      device: isDevice ? `${(raw >> 8) & 0xfff}:${(raw & 0xff) | ((raw >>> 12) & 0xfff00)}` : '',
      xattrs: this.#xattrs(at + 64, xattrBytes),
    };
    check(file.mtimeNsec < 1e9, 'nanoseconds');
    return { file, type: type.dirent, entries: isDirectory ? entriesOf(content) : undefined };
  }

  #content(layout: number, size: number, start: number, inline: number): Buffer {
    check(layout === 0 || layout === 2, `layout ${layout}`);
    const plain = layout === 0 ? size : size - (size % BLOCK);
    check(plain === 0 || (start > 0 && start + plain <= this.disk.length), 'content off the disk');
    const blocks = this.disk.subarray(start, start + plain);
    if (layout === 0) return blocks;
    const tail = size % BLOCK;
    check((inline % BLOCK) + tail <= BLOCK, 'an inline tail over the end of a block');
    return Buffer.concat([blocks, this.disk.subarray(inline, inline + tail)]);
  }

  #xattrs(at: number, bytes: number): Record<string, string> {
    const { disk } = this;
    const xattrs: Record<string, string> = {};
    if (bytes === 0) return xattrs;
    check(disk.readUInt8(at + 4) === 0, 'shared attributes');
    const end = at + bytes;
    for (let entry = at + 12; entry < end;) {
      const nameLength = disk.readUInt8(entry);
      const prefix = PREFIXES.get(disk.readUInt8(entry + 1));
      const valueLength = disk.readUInt16LE(entry + 2);
      const value = entry + 4 + nameLength;
      check(prefix !== undefined && value + valueLength <= end, 'an attribute');
      const name = `${prefix}${disk.toString('latin1', entry + 4, value)}`;
      check(!Object.hasOwn(xattrs, name), `attribute ${name} twice`);
      xattrs[name] = disk.toString('latin1', value, value + valueLength);
      entry += (4 + nameLength + valueLength + 3) & ~3;
    }
    return xattrs;
  }
}

function entriesOf(content: Buffer): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (let start = 0; start < content.length; start += BLOCK) {
    const block = content.subarray(start, start + BLOCK);
    const first = block.readUInt16LE(8);
    check(first > 0 && first % 12 === 0 && first < block.length, 'the first name of a directory');
    for (let at = 0; at < first; at += 12) {
      const from = block.readUInt16LE(at + 8);
      const to = at + 12 < first ? block.readUInt16LE(at + 20) : block.length;
      check(from >= first && from < to && to <= block.length, 'the name of a directory entry');
      const name = block.toString('latin1', from, to).replace(/\0+$/, '');
      check(name.length > 0 && name.length <= 255 && !/[/\0]/.test(name), 'a name');
      // The kernel finds names by binary search.
      check(name > (entries.at(-1)?.name ?? ''), `the order of ${name}`);
      entries.push({
        name,
        nid: Number(block.readBigUInt64LE(at)),
        type: block.readUInt8(at + 10),
      });
    }
  }
  return entries;
}

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`erofs: ${what} is wrong`);
}
