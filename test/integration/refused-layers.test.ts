import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoxliteError } from '../../src/errors.js';
import { Home } from '../../src/host/home.js';
import { DEFAULT_LAYER_LIMITS, type LayerLimits } from '../../src/image/store/layer-limits.js';
import { readToc, storeLayer } from '../../src/image/store/layer-store.js';
import { importRootfs } from '../../src/image/transfer/import.js';
import { longBytes } from '../helpers/bytes.js';
import { readErofs } from '../helpers/erofs-reader.js';
import { nextDigest, readDisk, storeLayers } from '../helpers/host-disk.js';
import { paxEntry, tar, tarEntry, type TarFields } from '../helpers/tar-builder.js';
import { directory, file, hardlink, sparse, symlink } from '../helpers/tar-entries.js';

let home: Home;
beforeEach(async () => {
  home = new Home(await mkdtemp(join(tmpdir(), 'boxlite-hostile-')));
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

async function* inChunks(bytes: Buffer, chunkBytes = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes)
    yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
}

/** The disk of a box of these layers. */
async function diskOf(...layers: Buffer[]): Promise<Buffer> {
  return readDisk(home, nextDigest(), await storeLayers(home, layers));
}

describe('refuses', () => {
  const refused = async (layers: readonly Buffer[], rule: RegExp): Promise<void> => {
    const error: unknown = await diskOf(...layers).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BoxliteError);
    expect(error).toMatchObject({ code: 'layer-invalid' });
    expect((error as BoxliteError).message).toMatch(rule);
    expect((error as BoxliteError).hint).toBeDefined();
    expect((error as BoxliteError).message).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  };

  it.each<[attack: string, entries: TarFields[], rule: RegExp]>([
    [
      'a loop of symlinks',
      [symlink('a', 'b'), symlink('b', 'a'), file('a/x')],
      /a loop of symlinks/,
    ],
    [
      'a symlink to itself by way of /proc',
      [symlink('proc', '/proc/self/root'), file('proc/x')],
      /loop/,
    ],
    [
      'a chain of 300 symlinks',
      [...Array.from({ length: 300 }, (_, n) => symlink(`l${n}`, `l${n + 1}`)), file('l0/x')],
      /a loop of symlinks/,
    ],
    [
      'a hard link to a directory',
      [directory('d'), hardlink('l', 'd')],
      /hard link to a directory/,
    ],
    ['a hard link to the root', [hardlink('l', '/')], /hard link to the root/],
    ['a hard link to the root by climbing', [hardlink('l', 'a/../..')], /hard link to the root/],
    [
      'a hard link to nothing',
      [hardlink('l', 'missing')],
      /"l": it links to a file that is not there/,
    ],
    ['a hard link to no name', [hardlink('l', '')], /hard link to the root/],
    ['a hard link to what comes later', [hardlink('l', 'f'), file('f')], /not there/],
    ['a hard link to what its layer took away', [file('.wh.f'), hardlink('l', 'f')], /not there/],
    ['a file in a file', [file('f'), file('f/x')], /"f\/x": its parent is not a directory/],
    ['a file in a hard link', [file('f'), hardlink('l', 'f'), file('l/x')], /not a directory/],
    [
      'a file in a device',
      [{ name: 'n', type: '3', major: 1, minor: 3 }, file('n/x')],
      /not a dir/,
    ],
    ['a whiteout of nothing', [file('.wh.')], /"\.wh\.": a whiteout must name something/],
    ['a whiteout of its directory', [file('d/.wh..')], /a whiteout must name something/],
    ['a whiteout of the parent', [file('d/.wh...')], /a whiteout must name something/],
    ['an opaque marker in a file', [file('f'), file('f/.wh..wh..opq')], /not a directory/],
    ['a root that is a symlink', [symlink('./', '/etc')], /the root can't be a symlink/],
    ['a root that is a device', [{ name: 'a/..', type: '3' }], /the root can't be a character/],
    ['a uid that means "unchanged"', [{ ...file('f'), uid: 0xffffffff }], /uid 4294967295/],
    ['a uid below zero', [{ ...file('f'), uid: -1 }], /uid -1 is out of range/],
    ['a device number of 32 bits', [{ name: 'd', type: '4', major: 2 ** 20 }], /device number/],
    [
      'a pax size below zero',
      [{ ...file('f'), pax: { size: '-1' } }],
      /pax record size is not a number/,
    ],
    [
      'a pax size that is hexadecimal',
      [{ ...file('f'), pax: { size: '0x10' } }],
      /size is not a n/,
    ],
    ['a pax size with a sign', [{ ...file('f'), pax: { size: '+5' } }], /size is not a number/],
    [
      'a pax size that is a fraction',
      [{ ...file('f'), pax: { size: '1.5' } }],
      /size is not a numb/,
    ],
    ['a pax size past 2^53', [{ ...file('f'), pax: { size: '9007199254740993' } }], /not a number/],
    [
      'a pax size past the archive',
      [{ ...file('f'), pax: { size: '5000' } }],
      /"f": the archive ends/,
    ],
    ['a pax size of a bomb', [{ ...file('f'), pax: { size: `${2 ** 52}` } }], /limit maxLayerSize/],
    [
      'a pax size smaller than the content, which would pass for a header',
      [{ ...file('f', 'no header'.padEnd(1024, '!')), pax: { size: '512' } }],
      /the header checksum is wrong/,
    ],
    ['a pax name with a NUL', [{ ...file('f'), pax: { path: 'a\0b' } }], /holds a NUL/],
    [
      'a name that writes to the terminal',
      [{ ...file('\x1b]0;owned\x07\nloaded: fine'), uid: -1 }],
      /"\\u001b\]0;owned\\u0007\\nloaded: fine"/,
    ],
    [
      'a name that writes to the terminal in one byte',
      [{ ...file('\x9b2J'), uid: -1 }],
      /"\\x9b2J"/,
    ],
    ['sparse data past the file', [sparse({ size: '4', map: '0,9' })], /reaches past the file/],
    ['sparse data over itself', [sparse({ size: '99', map: '0,5,4,4' })], /out of order/],
    [
      'a sparse file of 2^60 bytes',
      [sparse({ size: '1152921504606846976', map: '0,9' })],
      /number/,
    ],
    ['a sparse file that is a bomb', [sparse({ size: `${2 ** 50}`, map: '0,9' })], /maxLayerSize/],
  ])('%s', (_, entries, rule) => refused([tar(...entries)], rule));

  it.each<[attack: string, layer: Buffer, rule: RegExp]>([
    ['a wrong checksum', tar(file('f')).fill('7', 148, 154), /"f": the header checksum is wrong/],
    [
      'a flipped bit in the name',
      tar(file('f')).fill('g', 0, 1),
      /"g": the header checksum is wrong/,
    ],
    ['an empty checksum', tar(file('f')).fill(0, 148, 156), /checksum is wrong/],
    ['a text', Buffer.from('<!DOCTYPE html>'.padEnd(2048, ' ')), /checksum is wrong/],
    [
      'a pax header of 8 GiB',
      tarEntry({ name: 'h', type: 'x', size: 8 * 2 ** 30 - 1 }),
      /"h": an extension header is over 1048576 bytes/,
    ],
    [
      'a long name of 2 MiB',
      tarEntry({ name: 'h', type: 'L', content: 'n'.repeat(2 << 20) }),
      /an extension header is over 1048576 bytes/,
    ],
    [
      'extension headers without end',
      Buffer.concat(Array.from({ length: 100 }, () => paxEntry({ comment: 'x' }))),
      /more than 16 extension headers in a row/,
    ],
    [
      'a sparse map of millions',
      tar({
        ...file('f', `99999999\n${'0\n'.repeat(500)}`),
        pax: { 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '5' },
      }),
      /the sparse map is too long/,
    ],
  ])('%s', (_, layer, rule) => refused([layer], rule));

  it('a path of a million directories, and a hundred of those', async () => {
    const deep = (n: number): TarFields => ({
      name: 'f',
      pax: { path: `${n}/${'a/'.repeat(30_000)}x` },
    });
    await refused(
      [tar(...Array.from({ length: 100 }, (_, n) => deep(n)))],
      /parents have no entry/,
    );
  });
});

describe('a bomb', () => {
  const limits: LayerLimits = { bytes: 1 << 20, entries: 100 };
  const store = (layer: Buffer, given = limits): Promise<unknown> =>
    storeLayer(home, inChunks(layer), {}, given);
  const raise = (key: string, variable: string): object => ({
    code: 'layer-invalid',
    message: expect.stringContaining(`which is the limit ${key}`) as string,
    hint: `if you trust the image, raise "${key}" in the configuration file or ${variable}`,
  });
  const ofBytes = raise('maxLayerSize', 'BOXLITE_MAX_LAYER_SIZE');
  const ofEntries = raise('maxLayerEntries', 'BOXLITE_MAX_LAYER_ENTRIES');

  it.each<[kind: string, layer: Buffer, expected: object]>([
    ['of zeros in gzip', gzipSync(tar(file('f', '\0'.repeat(2 << 20)))), ofBytes],
    ['of zeros behind the archive’s end', gzipSync(Buffer.alloc(2 << 20)), ofBytes],
    ['of a declared size', tarEntry({ name: 'f', size: 2 ** 40 }), ofBytes],
    ['of a declared pax size', tar({ ...file('f'), pax: { size: `${2 ** 40}` } }), ofBytes],
    ['of holes', tar(sparse({ size: `${2 ** 40}`, map: '0,9' })), ofBytes],
    [
      'of many files with holes that fit one by one',
      tar(
        ...Array.from({ length: 3 }, (_, n) => ({
          ...sparse({ size: '500000', map: '0,9' }),
          name: `${n}`,
        })),
      ),
      ofBytes,
    ],
    ['of entries', tar(...Array.from({ length: 101 }, (_, n) => file(`${n}`, ''))), ofEntries],
    [
      'of global headers',
      gzipSync(
        Buffer.concat(
          Array.from({ length: 2000 }, () =>
            tarEntry({ name: 'g', type: 'g', content: '9 a=bcde\n' }),
          ),
        ),
      ),
      ofBytes,
    ],
  ])('%s is refused, naming the limit and how to raise it', async (_, layer, expected) => {
    await expect(store(layer)).rejects.toMatchObject(expected);
    await expect(importRootfs(home, inChunks(layer), { limits })).rejects.toMatchObject(expected);
    expect(await readdir(home.layers())).toEqual([]);
  });

  it.each(['.wh.a', '.wh..wh..opq', '.wh..wh.aufs'])(
    'in the content of %s, which is no file, takes no space',
    async (name) => {
      const holes = { ...sparse({ size: `${2 ** 50}`, map: '0,9' }), name };
      const layer = tar({ ...file('a', 'x'), name: `d/${name}` }, holes, file('last'));
      const { diffId } = await storeLayer(home, inChunks(layer), {}, limits);
      expect((await readToc(home, diffId)).blocks).toBe(1);
      expect(readErofs(await readDisk(home, nextDigest(), [diffId])).get('last')).toMatchObject({
        content: 'x',
      });
    },
  );

  it('is a layer where the limit is raised', async () => {
    const layer = gzipSync(tar(file('f', '\0'.repeat(2 << 20))));
    await expect(store(layer)).rejects.toMatchObject(ofBytes);
    await expect(store(layer, { ...limits, bytes: 4 << 20 })).resolves.toBeDefined();
    const many = tar(...Array.from({ length: 101 }, (_, n) => file(`${n}`, '')));
    await expect(store(many, { ...limits, entries: 101 })).resolves.toBeDefined();
  });

  it('of names is refused before memory is full of them', async () => {
    const value = 'v'.repeat(60_000);
    const pax = { 'SCHILY.xattr.user.a': value, 'SCHILY.xattr.user.b': value };
    const entry = tarEntry({ ...file('f', ''), pax });
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield await Promise.resolve(entry);
    }
    const stored = storeLayer(home, endless(), {}, DEFAULT_LAYER_LIMITS);
    await expect(stored).rejects.toThrow(/names and attributes up to it are over 536870912 bytes/);
  });
});

it('finds a stream that is cut at any 4 KiB, and keeps nothing of it', async () => {
  const archive = tar(
    directory('bin'),
    { name: 'bin/tool', mode: 0o4755, content: longBytes(150_000) },
    hardlink('bin/alias', 'bin/tool'),
    { ...file('n'), pax: { path: 'long/'.repeat(60), 'SCHILY.xattr.user.a': 'v'.repeat(5000) } },
    ...Array.from({ length: 100 }, (_, n) => file(`file-${n}`, 'content '.repeat(n))),
    sparse({ size: '1000000', map: '500000,9' }),
  );
  const diffId = `sha256:${createHash('sha256').update(archive).digest('hex')}`;
  for (const whole of [archive, gzipSync(archive, { level: 1 })]) {
    for (let length = 0; length < whole.length; length += 4096) {
      const stored = storeLayer(home, inChunks(whole.subarray(0, length)), { diffId });
      const error: unknown = await stored.catch((thrown: unknown) => thrown);
      expect(error, `cut at ${length}`).toBeInstanceOf(BoxliteError);
      expect(['layer-invalid', 'image-corrupt']).toContain((error as BoxliteError).code);
    }
    expect(await readdir(home.layers())).toEqual([]);
    expect(await storeLayer(home, inChunks(whole), { diffId })).toMatchObject({ diffId });
    await rm(home.layers(), { recursive: true });
  }
});
