/**
 * Extended attributes of an EROFS inode: a 12-byte header, then entries
 * `u8 name length · u8 prefix index · u16 value length · name · value`, each padded to 4 bytes
 * (fs/erofs/erofs_fs.h, erofs_xattr_ibody_header and erofs_xattr_entry).
 */
const HEADER_BYTES = 12;
const ENTRY_BYTES = 4;

/** Longest first: `system.posix_acl_access` is a whole name, with nothing after the prefix. */
const PREFIXES: readonly [prefix: string, index: number][] = [
  ['system.posix_acl_access', 2],
  ['system.posix_acl_default', 3],
  ['user.', 1],
  ['trusted.', 4],
  ['security.', 6],
];

type Xattrs = readonly (readonly [name: string, value: string])[];

/** Bytes that the attributes take after the inode; 0 for none. */
export function xattrBytes(xattrs: Xattrs): number {
  const entries = storable(xattrs);
  if (entries.length === 0) return 0;
  return entries.reduce((sum, entry) => sum + entryBytes(entry), HEADER_BYTES);
}

/** The inode's `i_xattr_icount` for that many bytes. */
export function xattrCount(bytes: number): number {
  return bytes === 0 ? 0 : (bytes - HEADER_BYTES) / 4 + 1;
}

/** Writes the attributes at `offset` of a zeroed buffer. */
export function writeXattrs(xattrs: Xattrs, out: Buffer, offset: number): void {
  let at = offset + HEADER_BYTES;
  for (const entry of storable(xattrs)) {
    out.writeUInt8(entry.suffix.length, at);
    out.writeUInt8(entry.index, at + 1);
    out.writeUInt16LE(entry.value.length, at + 2);
    out.write(entry.suffix, at + ENTRY_BYTES, 'latin1');
    out.write(entry.value, at + ENTRY_BYTES + entry.suffix.length, 'latin1');
    at += entryBytes(entry);
  }
}

interface StorableXattr {
  index: number;
  suffix: string;
  value: string;
}

/** The format can't represent other namespaces, nor would a kernel let anyone set them. */
function storable(xattrs: Xattrs): StorableXattr[] {
  return xattrs.flatMap(([name, value]) => {
    const known = PREFIXES.find(([prefix]) =>
      prefix.endsWith('.')
        ? name.startsWith(prefix) && name.length > prefix.length
        : name === prefix,
    );
    return known === undefined
      ? []
      : [{ index: known[1], suffix: name.slice(known[0].length), value }];
  });
}

function entryBytes({ suffix, value }: StorableXattr): number {
  return (ENTRY_BYTES + suffix.length + value.length + 3) & ~3;
}
