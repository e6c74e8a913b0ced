import { paxEntry, tar, tarEntry, type TarFields } from './tar-builder.js';

const directory = (name: string, fields: Partial<TarFields> = {}): TarFields => ({
  name,
  type: '5',
  ...fields,
});
const symlink = (name: string, linkName: string): TarFields => ({
  name,
  type: '2',
  linkName,
  mode: 0o777,
});
const hardlink = (name: string, linkName: string): TarFields => ({ name, type: '1', linkName });
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
const root = directory('./', { mode: 0o711, uid: 3, gid: 4, mtime: 1234 });

/** VFS_CAP_REVISION_2: cap_net_raw+ep. */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex').toString(
  'latin1',
);
/** u::rwx,u:1000:r--,g::r-x,m::r-x,o::--- in the kernel's binary form. */
const acl = Buffer.from(
  '0200000001000700ffffffff02000400e803000004000500ffffffff10000500ffffffff20000000ffffffff',
  'hex',
).toString('latin1');

const xattrs = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`SCHILY.xattr.${key}`, value]));

/** One file of each kind, at the top level of a layer. */
const KINDS = {
  file: { name: 'file', content: 'content' },
  directory: directory('directory'),
  symlink: symlink('symlink', '/file'),
  fifo: { name: 'fifo', type: '6' },
  device: { name: 'device', type: '3', major: 1, minor: 5 },
};

/** Every kind replacing every other: `file-fifo` is a file in the first layer, a fifo in the second. */
function overEachOther(layer: 0 | 1): TarFields[] {
  const kinds = Object.entries<TarFields>(KINDS);
  return kinds.flatMap(([under, lower]) =>
    kinds.map(([over, upper]) => ({
      ...(layer === 0 ? lower : upper),
      name: `${under}-${over}`,
      mtime: 1000 + layer,
      mode: layer === 0 ? 0o750 : 0o705,
    })),
  );
}

/** Deeper than any recursion of ours should have to handle; umoci takes minutes for a thousand. */
function* deepNames(): Generator<string> {
  for (let path = 'd'; path.length < 400; path += '/d') yield path;
}

/** Images, lowest layer first, that every unpacker must interpret alike. */
export const LAYER_CASES: Record<string, Buffer[]> = {
  'every kind of file and attribute': [
    tar(
      root,
      directory('bin', { mode: 0o1777, uid: 70_000, gid: 80_000 }),
      { name: 'bin/suid', mode: 0o6755, content: 'x'.repeat(10_000) },
      hardlink('bin/link', 'bin/suid'),
      hardlink('bin/again', './bin/link'),
      { name: 'empty', mode: 0 },
      { name: 'block', content: Buffer.alloc(4096, 'b') },
      { name: 'more', content: Buffer.alloc(4097, 'm') },
      { name: 'holes', content: Buffer.concat([Buffer.alloc(1 << 20), Buffer.from('end')]) },
      { name: 'epoch', content: 'o', mtime: 0 },
      { name: 'before', content: 'b', pax: { mtime: '-1000000.25' } },
      { name: 'before-too', content: 'b', mtime: -86_400 },
      { name: 'exact', content: 'e', pax: { mtime: '1700000000.123456789' } },
      { name: 'far-future', content: 'f', mtime: 2 ** 33 },
      { name: 'ids', uid: 4_000_000_000, gid: 4_000_000_001 },
      { name: 'pax-ids', pax: { uid: '2147483648', gid: '4294967294' } },
      { name: 'chr', type: '3', mode: 0o666, major: 1, minor: 3 },
      { name: 'blk', type: '4', mode: 0o660, major: 4000, minor: 300_000 },
      { name: 'fifo', type: '6' },
      symlink('sym', 'bin/suid'),
      { ...symlink('path', ''), pax: { linkpath: 'y/'.repeat(2040) } },
      { ...symlink('longest', ''), pax: { linkpath: 'z'.repeat(4095) } },
      hardlink('sym-link', 'sym'),
      hardlink('fifo-link', 'fifo'),
      hardlink('chr-link', 'chr'),
    ),
  ],
  'extended attributes': [
    tar(
      root,
      {
        name: 'capable',
        content: 'a',
        mode: 0o755,
        pax: xattrs({ 'security.capability': capability }),
      },
      {
        name: 'binary',
        pax: xattrs({ 'trusted.bytes': '\0\x01\xff\n=', 'user.with=sign': 'v', 'user.\xfe': 'v' }),
      },
      {
        name: 'many',
        pax: xattrs(
          Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`user.n${i}`, `${i}`])),
        ),
      },
      directory('directory', { pax: xattrs({ 'user.big': 'w'.repeat(3000), 'trusted.d': 'd' }) }),
      { ...symlink('symlink', 'x'), pax: xattrs({ 'trusted.on-a-link': 'l' }) },
      { name: 'listed', mode: 0o750, pax: xattrs({ 'system.posix_acl_access': acl }) },
      hardlink('capable-too', 'capable'),
    ),
    // A directory over a directory has only the attributes of the upper one.
    tar(directory('directory', { pax: xattrs({ 'user.other': 'o' }) })),
  ],
  'whiteouts, opaque directories and hard links to lower layers': [
    tar(
      root,
      directory('a'),
      { name: 'a/1', content: '1' },
      { name: 'a/2', content: '2' },
      directory('a/deep'),
      { name: 'a/deep/x', content: 'x' },
      ...['first', 'middle', 'last'].flatMap((name) => [
        directory(name),
        { name: `${name}/old`, content: 'old' },
        directory(`${name}/sub`),
        { name: `${name}/sub/old`, content: 'old' },
      ]),
      { name: 'f', content: 'f' },
      directory('d'),
      { name: 'd/in', content: 'in' },
      directory('real'),
      symlink('link', '/real'),
      symlink('relative', 'real/../real'),
    ),
    tar(
      directory('a', { mode: 0o700, uid: 9, mtime: 99 }),
      { name: 'a/.wh.1' },
      { name: 'a/.wh.deep' },
      hardlink('a/3', 'a/2'),
      directory('first', { mtime: 7 }),
      { name: 'first/.wh..wh..opq' },
      { name: 'first/new', content: 'new' },
      directory('middle', { mtime: 7 }),
      { name: 'middle/new', content: 'new' },
      { name: 'middle/.wh..wh..opq' },
      { name: 'middle/old', content: 'its own' },
      directory('last', { mtime: 7 }),
      { name: 'last/new', content: 'new' },
      { name: 'last/.wh..wh..opq' },
      directory('f'),
      { name: 'f/now-a-directory', content: 'x' },
      { name: 'd', content: 'now a file' },
      { name: 'link/through', content: 'the absolute link' },
      { name: 'relative/too', content: 'the relative link' },
      hardlink('of-the-lower', 'link/through'),
      // Sets the time of a directory that gained a name, since only some unpackers restore it.
      directory('real', { mtime: 8 }),
    ),
    tar(
      { name: '.wh.f' },
      { name: 'a/1', content: 'back again' },
      hardlink('a/4', 'a/3'),
      { name: 'a/2', content: 'its links keep the old content' },
      directory('a', { mode: 0o700, uid: 9, mtime: 99 }),
    ),
  ],
  'a whiteout of the longest name': [
    tar(root, { name: 'n', pax: { path: 'n'.repeat(255) } }),
    tar(root, { name: 'w', pax: { path: `.wh.${'n'.repeat(255)}` } }),
  ],
  'changes of type': [tar(root, ...overEachOther(0)), tar(root, ...overEachOther(1))],
  'names of every sort': [
    tar(
      root,
      { name: 'n', pax: { path: 'n'.repeat(255) }, content: 'longest' },
      { name: 'n', pax: { path: utf8('é'.repeat(127)) }, content: 'longest of letters' },
      { name: 'bytes-\xff\xfe\x80', content: 'not UTF-8' },
      { name: '\x01\x1b[2J\x7f', content: 'control characters' },
      { name: 'new\nline', content: 'and' },
      { name: ' space ', content: 'spaces' },
      { name: 'back\\slash', content: 'no separator' },
      { name: '-rf', content: 'no option' },
      { name: '...', content: 'no parent' },
      { name: '.wh', content: 'no whiteout' },
      { name: 'x.wh.y', content: 'nor this' },
      ...['Name', 'name', 'NAME'].map((name) => ({ name, content: name })),
      ...['\u00e9', 'e\u0301', '\u0430', 'a', '\uff41', '\u{1f600}'].map((name) => ({
        name: utf8(name),
        content: utf8(name),
      })),
      directory('./dots/.././dots/'),
      { name: './dots//a', content: 'a' },
      { name: '/absolute', content: 'b' },
      { name: '../../../outside', content: 'c' },
    ),
  ],
  'headers of every sort': [
    Buffer.concat([
      tarEntry(root),
      tarEntry({ name: '././@LongLink', type: 'L', content: `${'g'.repeat(200)}\0` }),
      tarEntry({ name: 'cut', content: 'a GNU long name' }),
      tarEntry({ name: '././@LongLink', type: 'K', content: `${'k'.repeat(200)}\0` }),
      tarEntry({ ...symlink('to-a-long-name', 'cut'), magic: 'ustar  \0' }),
      tarEntry({ name: 'old/', type: '\0', mode: 0o755, magic: '' }),
      tarEntry({ name: 'old/file', type: '\0', content: 'V7', magic: '' }),
      tarEntry({ name: 'b', prefix: 'old', content: 'of a prefix' }),
      paxEntry({ size: '600' }),
      tarEntry({ name: 'size-of-pax', size: 0, content: 's'.repeat(600) }),
      tar({ name: 'last', content: 'l' }),
    ]),
    // Without closing blocks.
    tarEntry({ name: 'unclosed', content: 'x' }),
  ],
  'empty layers, duplicate entries and no entries at all': [
    tar(root),
    Buffer.alloc(0),
    Buffer.alloc(1024),
    tar(
      { name: 'twice', content: 'first', mode: 0o600 },
      { name: 'twice', content: 'second', mode: 0o640 },
      { name: 'kind', content: 'a file' },
      directory('kind'),
      { name: 'kind/in', content: 'x' },
      directory('kind', { mode: 0o700 }),
      directory('.', { mtime: 4321 }),
    ),
    tar(),
  ],
  'a tree of two hundred levels': [
    tar(
      root,
      ...Array.from(deepNames(), (path) => directory('d', { pax: { path }, mtime: path.length })),
      { name: 'f', pax: { path: `${[...deepNames()].at(-1) ?? ''}/file` }, content: 'deep' },
      // Unpackers restore a directory's time after they have created something in it.
      ...Array.from(deepNames(), (path) => directory('d', { pax: { path }, mtime: 5 })),
    ),
  ],
};
