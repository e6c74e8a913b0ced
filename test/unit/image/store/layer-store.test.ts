import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Home } from '../../../../src/host/home.js';
import { DEFAULT_LAYER_LIMITS } from '../../../../src/image/store/layer-limits.js';
import {
  hasLayer,
  layerDataPath,
  readToc,
  storeLayer,
} from '../../../../src/image/store/layer-store.js';
import { tar, tarEntry, type TarFields } from '../../../helpers/tar-builder.js';

let home: Home;
beforeEach(async () => {
  home = new Home(await mkdtemp(join(tmpdir(), 'boxlite-layer-')));
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

async function* inChunks(bytes: Buffer, chunkBytes = 1000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes)
    yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
}

const store = (bytes: Buffer, diffId?: string, limits = DEFAULT_LAYER_LIMITS) =>
  storeLayer(home, inChunks(bytes), diffId === undefined ? {} : { diffId }, limits);
const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const archive = tar(
  { name: 'empty' },
  { name: 'a', content: 'A'.repeat(5000) },
  { name: 'b', content: 'B' },
  { name: 'zeros', content: Buffer.alloc(3 * 2 ** 20) },
  { name: 'c', content: 'C' },
);

describe('storeLayer', () => {
  it.each([
    ['plain', archive],
    ['gzip', gzipSync(archive)],
    [
      'gzip of several members',
      Buffer.concat([gzipSync(archive.subarray(0, 700)), gzipSync(archive.subarray(700))]),
    ],
  ])('lays a %s layer out and returns its diffID and size', async (_, blob) => {
    expect(await store(blob)).toEqual({ diffId: digestOf(archive), size: archive.length });
    expect(await hasLayer(home, digestOf(archive))).toBe(true);
    const { entries, blocks } = await readToc(home, digestOf(archive));
    expect(entries.map(({ path, size, block }) => [path, size, block])).toEqual([
      ['empty', 0, 0],
      ['a', 5000, 0],
      ['b', 1, 2],
      ['zeros', 3 * 2 ** 20, 3],
      ['c', 1, 771],
    ]);
    expect(blocks).toBe(772);
    const data = await readFile(layerDataPath(home, digestOf(archive)));
    expect(data.length).toBe(772 * 4096);
    expect(data.toString('latin1').replaceAll('\0', '')).toBe(`${'A'.repeat(5000)}BC`);
  });

  it('leaves blocks of zeros out of the file', async () => {
    await store(archive);
    const { blocks } = await stat(layerDataPath(home, digestOf(archive)));
    expect(blocks * 512).toBeLessThan(100_000);
  });

  it.each([
    ['an empty stream', Buffer.alloc(0)],
    ['two zero blocks', Buffer.alloc(1024)],
  ])('makes an empty layer of %s', async (_, blob) => {
    const { diffId } = await store(blob);
    expect(await readToc(home, diffId)).toEqual({ entries: [], blocks: 0 });
  });

  it('succeeds for both of two that store the same layer at once', async () => {
    const [first, second] = await Promise.all([store(archive), store(gzipSync(archive))]);
    expect(first).toEqual(second);
    expect(await readdir(home.layers())).toHaveLength(1);
  });

  it('keeps nothing of a layer whose diffID is another', async () => {
    await expect(store(archive, digestOf(Buffer.from('x')))).rejects.toMatchObject({
      code: 'image-corrupt',
    });
    expect(await readdir(home.layers())).toEqual([]);
  });

  it('passes an error of the source on and keeps nothing', async () => {
    const failing = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(gzipSync(archive).subarray(0, 500));
      throw new Error('connection lost');
    };
    await expect(storeLayer(home, failing(), {})).rejects.toThrow('connection lost');
    expect(await readdir(home.layers())).toEqual([]);
  });

  it('names a layer by its sha512 when the image does', async () => {
    const diffId = `sha512:${createHash('sha512').update(archive).digest('hex')}`;
    expect(await store(archive, diffId)).toEqual({ diffId, size: archive.length });
    expect(await hasLayer(home, diffId)).toBe(true);
    expect(await hasLayer(home, digestOf(archive))).toBe(false);
    const other = diffId.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    await expect(store(archive, other)).rejects.toMatchObject({ code: 'image-corrupt' });
  });

  it('refuses a diffID that is a path', async () => {
    await expect(hasLayer(home, 'sha256:../../x')).rejects.toMatchObject({ code: 'image-corrupt' });
  });
});

describe('what the table of contents keeps', () => {
  const entriesOf = async (...entries: TarFields[]) =>
    (await readToc(home, (await store(tar(...entries))).diffId)).entries;

  it('is every attribute, names and values as bytes', async () => {
    const [first] = await entriesOf({
      name: '\xff',
      type: '3',
      mode: 0o2777,
      uid: 4_000_000_000,
      major: 4095,
      minor: 1_048_575,
      pax: { mtime: '-0.5', 'SCHILY.xattr.trusted.\xfe': '\0\x01\xff' },
    });
    expect(first).toMatchObject({
      kind: 'character',
      path: '\xff',
      mode: 0o2777,
      uid: 4_000_000_000,
      mtimeSec: -1,
      mtimeNsec: 500_000_000,
      major: 4095,
      minor: 1_048_575,
      xattrs: [['trusted.\xfe', '\0\x01\xff']],
    });
  });

  it('is clean paths and whiteouts by what they hide', async () => {
    const entries = await entriesOf(
      { name: './a/', type: '5' },
      { name: '../../etc/x' },
      { name: 'a/.wh.gone' },
      { name: 'a/.wh..wh..opq' },
      { name: '.wh..wh..opq' },
      { name: '.wh..wh.plnk', type: '5' },
      { name: 'l', type: '1', linkName: '/a/../b' },
    );
    expect(entries.map(({ kind, path, target }) => [kind, path, target])).toEqual([
      ['directory', 'a', ''],
      ['file', 'etc/x', ''],
      ['whiteout', 'a/gone', ''],
      ['opaque', 'a', ''],
      ['opaque', '', ''],
      ['hardlink', 'l', 'b'],
    ]);
  });

  it('is no label of the building host and no mark of overlayfs', async () => {
    const pax = {
      'SCHILY.xattr.security.selinux': 'x',
      'SCHILY.xattr.trusted.overlay.opaque': 'y',
      'SCHILY.xattr.trusted.other': 'z',
    };
    const [first] = await entriesOf({ name: 'd', type: '5', pax });
    expect(first?.xattrs).toEqual([['trusted.other', 'z']]);
  });

  it.each(['2', '3', '4', '6'])('is no user’s attribute of a file of type %s', async (type) => {
    const pax = { 'SCHILY.xattr.user.a': 'x', 'SCHILY.xattr.trusted.a': 'y' };
    const device = type === '3' || type === '4' ? { major: 1, minor: 3 } : {};
    const [first] = await entriesOf({ name: 'f', type, linkName: 'x', pax, ...device });
    expect(first?.xattrs).toEqual([['trusted.a', 'y']]);
  });
});

describe('refuses', () => {
  const x = (length: number): string => 'x'.repeat(length);
  it.each<[attack: string, entry: TarFields, rule: RegExp]>([
    ['a uid that means "unchanged"', { name: 'f', uid: 0xffffffff }, /uid 4294967295 is out of/],
    ['a negative gid', { name: 'f', gid: -1 }, /gid -1 is out of range/],
    ['a device number past the kernel’s', { name: 'f', type: '3', major: 4096 }, /device number/],
    ['a file in place of the root', { name: '.', content: 'x' }, /the root can't be a file/],
    ['a symlink in place of the root', { name: '/', type: '2', linkName: 'x' }, /can't be a symli/],
    ['a hard link to the root', { name: 'l', type: '1', linkName: '..' }, /link to the root/],
    ['a symlink to nothing', { name: 'l', type: '2' }, /a symlink to nothing/],
    ['a link target over PATH_MAX', { name: 'l', type: '2', pax: { linkpath: x(4096) } }, /4095/],
    ['a name over 255 bytes', { name: 'f', pax: { path: x(256) } }, /over 255 bytes/],
    ['a whiteout of its directory', { name: 'd/.wh..' }, /must name something/],
    [
      'an attribute name over 255 bytes',
      { name: 'f', pax: { [`SCHILY.xattr.user.${x(255)}`]: '' } },
      /name of an extended attribute/,
    ],
    [
      'an attribute over 64 KiB',
      { name: 'f', pax: { 'SCHILY.xattr.user.a': x(65_536) } },
      /an extended attribute is over 65535 bytes/,
    ],
    [
      'attributes over 128 KiB together',
      {
        name: 'f',
        pax: {
          'SCHILY.xattr.user.a': x(60_000),
          'SCHILY.xattr.user.b': x(60_000),
          'SCHILY.xattr.user.c': x(60_000),
        },
      },
      /131072 bytes together/,
    ],
  ])('%s, and keeps nothing', async (_, entry, rule) => {
    await expect(store(gzipSync(tar({ name: 'ok', content: 'x' }, entry)))).rejects.toThrow(rule);
    expect(await readdir(home.layers())).toEqual([]);
  });

  it('a gzip stream cut anywhere', async () => {
    const blob = gzipSync(tar({ name: 'a', content: Buffer.from(archive.subarray(0, 9000)) }));
    for (const length of [1, 5, 17, blob.length >> 1, blob.length - 1])
      await expect(store(blob.subarray(0, length))).rejects.toMatchObject({
        code: 'layer-invalid',
      });
  });

  it('a gzip stream with a flipped byte', async () => {
    const blob = gzipSync(archive);
    blob.writeUInt8((blob[blob.length - 6] ?? 0) ^ 1, blob.length - 6);
    await expect(store(blob)).rejects.toThrow(/not a whole gzip stream/);
  });

  it('a bomb of real bytes', async () => {
    const limits = { bytes: 1 << 20, entries: 10 };
    await expect(store(gzipSync(archive), undefined, limits)).rejects.toThrow(
      /the layer unpacks to more than 1048576 bytes/,
    );
  });

  it('a bomb of declared bytes, before a byte of it came', async () => {
    const header = tarEntry({ name: 'huge', size: 2 ** 40 });
    await expect(store(header)).rejects.toThrow(/"huge": the layer unpacks to more than/);
  });

  it('a bomb of holes', async () => {
    const pax = { 'GNU.sparse.size': String(2 ** 50), 'GNU.sparse.map': '0,1' };
    await expect(store(tar({ name: 'holes', pax, content: 'x' }))).rejects.toThrow(
      /"holes": the layer unpacks to more than/,
    );
  });

  it('a bomb of entries', async () => {
    const limits = { bytes: 1 << 20, entries: 2 };
    const blob = tar({ name: 'a' }, { name: 'b' }, { name: 'c' });
    await expect(store(blob, undefined, limits)).rejects.toThrow(
      /"c": the layer has more than 2 entries/,
    );
  });
});
