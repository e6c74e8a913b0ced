import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home } from '../../src/home.js';
import { DISK_BYTES } from '../../src/image/disk-size.js';
import { imageDisk } from '../../src/image/image-disk.js';
import { layerDataPath, storeLayer } from '../../src/image/layer-store.js';
import { readFileTree, type SeenEntry } from '../helpers/file-tree.js';
import { tar, type TarFields } from '../helpers/tar-builder.js';

const isRoot = process.getuid?.() === 0;
const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', timeout: 60_000 });

let directory: string;
let home: Home;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-disk-'));
  home = new Home(join(directory, 'home'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

let images = 0;
/** A digest of no manifest, another for each image. */
const nextDigest = (): string => `sha256:${String(++images).padStart(64, '0')}`;

async function storeAll(layers: Buffer[]): Promise<string[]> {
  const diffIds: string[] = [];
  for (const layer of layers)
    diffIds.push((await storeLayer(home, Readable.from([layer]), {})).diffId);
  return diffIds;
}

/** The device's bytes without the padding, in one file, as fsck and a loop mount want them. */
async function joinDisk(diffIds: string[]): Promise<string> {
  const digest = nextDigest();
  const { extents } = await imageDisk(home, digest, diffIds);
  const path = join(directory, `joined-${images}`);
  await using joined = await open(path, 'wx');
  for (const extent of extents.slice(0, -1))
    for await (const chunk of createReadStream(extent.path)) await joined.write(chunk as Buffer);
  return path;
}

async function readMounted(joined: string): Promise<Map<string, SeenEntry>> {
  const at = `${joined}.mount`;
  await mkdir(at);
  run('mount', '-t', 'erofs', '-o', 'loop,ro', joined, at);
  try {
    return await readFileTree(at);
  } finally {
    run('umount', at);
  }
}

/** What an independent unpacker makes of the same layers. */
async function readUnpacked(layers: Buffer[]): Promise<Map<string, SeenEntry>> {
  const at = await mkdtemp(join(directory, 'umoci-'));
  const image = `${join(at, 'image')}:t`;
  run('umoci', 'init', '--layout', join(at, 'image'));
  run('umoci', 'new', '--image', image);
  for (const [index, layer] of layers.entries()) {
    await writeFile(join(at, `${index}.tar`), layer);
    run('umoci', 'raw', 'add-layer', '--image', image, join(at, `${index}.tar`));
  }
  run('umoci', 'unpack', '--image', image, join(at, 'bundle'));
  return readFileTree(join(at, 'bundle', 'rootfs'));
}

const directoryEntry = (name: string, fields: Partial<TarFields> = {}): TarFields => ({
  name,
  type: '5',
  ...fields,
});
const fileCapability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

const LAYERS: Record<string, Buffer[]> = {
  'every kind of file and attribute': [
    tar(
      directoryEntry('./', { mode: 0o711, uid: 3, gid: 4, mtime: 1234 }),
      directoryEntry('bin', { mode: 0o1777, uid: 70_000, gid: 80_000 }),
      { name: 'bin/suid', mode: 0o6755, content: 'x'.repeat(10_000) },
      { name: 'bin/link', type: '1', linkName: 'bin/suid', mode: 0o6755 },
      { name: 'bin/again', type: '1', linkName: './bin/link', mode: 0o6755 },
      { name: 'empty', mode: 0 },
      { name: 'block', content: Buffer.alloc(4096, 'b') },
      { name: 'more', content: Buffer.alloc(4097, 'm') },
      { name: 'holes', content: Buffer.concat([Buffer.alloc(1 << 20), Buffer.from('end')]) },
      { name: 'old', content: 'o', mtime: 0 },
      { name: 'before', content: 'b', pax: { mtime: '-1000000.25' } },
      { name: 'exact', content: 'e', pax: { mtime: '1700000000.123456789' } },
      { name: 'ids', uid: 4_000_000_000, gid: 4_000_000_001 },
      { name: 'chr', type: '3', mode: 0o666, major: 1, minor: 3 },
      { name: 'blk', type: '4', mode: 0o660, major: 4000, minor: 300_000 },
      { name: 'fifo', type: '6' },
      { name: 'sym', type: '2', linkName: 'bin/suid', mode: 0o777 },
      { name: 'far', type: '2', mode: 0o777, pax: { linkpath: 'y/'.repeat(2040) } },
      { name: 'inside', type: '2', mode: 0o777, pax: { linkpath: 'z'.repeat(4000) } },
      { name: 'n', pax: { path: 'n'.repeat(255) }, content: 'long' },
      { name: 'bytes-\xff\xfe\x80', content: 'not UTF-8' },
      {
        name: 'attrs',
        content: 'a',
        pax: {
          'SCHILY.xattr.user.one': '1',
          'SCHILY.xattr.user.two': 'v'.repeat(1000),
          'SCHILY.xattr.trusted.three': '\0\x01\x02',
          'SCHILY.xattr.security.capability': fileCapability.toString('latin1'),
        },
      },
      directoryEntry('attrs.d', { pax: { 'SCHILY.xattr.user.big': 'w'.repeat(3000) } }),
      directoryEntry('many'),
      ...Array.from({ length: 3000 }, (_, i) => ({ name: `many/${i}`, content: `${i}` })),
    ),
  ],
  'whiteouts, opaque directories and changes of type': [
    tar(
      directoryEntry('.'),
      directoryEntry('a'),
      { name: 'a/1', content: '1' },
      { name: 'a/2', content: '2' },
      directoryEntry('a/deep'),
      { name: 'a/deep/x', content: 'x' },
      directoryEntry('o'),
      { name: 'o/old', content: 'old' },
      { name: 'f', content: 'f' },
      directoryEntry('d'),
      { name: 'd/in', content: 'in' },
      directoryEntry('real'),
      { name: 'link', type: '2', linkName: '/real', mode: 0o777 },
    ),
    tar(
      directoryEntry('a', { mode: 0o700, uid: 9, mtime: 99 }),
      { name: 'a/.wh.1' },
      { name: 'a/.wh.deep' },
      { name: 'a/3', type: '1', linkName: 'a/2' },
      directoryEntry('o'),
      { name: 'o/.wh..wh..opq' },
      { name: 'o/new', content: 'new' },
      directoryEntry('f'),
      { name: 'f/now-a-directory', content: 'x' },
      { name: 'd', content: 'now a file' },
    ),
    tar({ name: '.wh.f' }, { name: 'a/1', content: 'back again' }),
  ],
  'nothing at all': [tar(directoryEntry('.'))],
};

describe.each(Object.entries(LAYERS))('a disk of %s', (_, layers) => {
  it('is clean to fsck.erofs', async () => {
    run('fsck.erofs', await joinDisk(await storeAll(layers)));
  });

  // Only root may mount, and make what the layers hold: devices, owners, capabilities.
  it.runIf(isRoot)('shows the kernel what umoci unpacks', async () => {
    const mounted = await readMounted(await joinDisk(await storeAll(layers)));
    const unpacked = await readUnpacked(layers);
    expect([...mounted.keys()]).toEqual([...unpacked.keys()]);
    for (const [name, entry] of unpacked) expect(mounted.get(name), name).toEqual(entry);
  });
});

it.runIf(isRoot)('shows the kernel what GNU tar packed from this host', async () => {
  const path = join(directory, 'host.tar.gz');
  run('tar', '-C', '/usr/share', '--format=gnu', '-czf', path, 'perl', 'zoneinfo');
  const { diffId } = await storeLayer(home, createReadStream(path), {});
  const mounted = await readMounted(await joinDisk([diffId]));
  const unpacked = join(directory, 'host');
  await mkdir(unpacked);
  run('tar', '-C', unpacked, '-xpzf', path);
  const expected = await readFileTree(unpacked);
  mounted.delete('.');
  expected.delete('.');
  // GNU's format has whole seconds, and so has what was unpacked from it.
  expect(mounted).toEqual(expected);
});

it.runIf(isRoot)('is compared by a reading that sees what could differ', async () => {
  const layers = LAYERS['every kind of file and attribute'] ?? [];
  const seen = await readMounted(await joinDisk(await storeAll(layers)));
  expect(seen.size).toBeGreaterThan(3020);
  expect(seen.get('./attrs')?.xattrs).toHaveLength(4);
  expect(seen.get('./exact')).toMatchObject({ mtimeSec: 1_700_000_000, mtimeNsec: 123_456_789 });
  expect(seen.get('./before')).toMatchObject({ mtimeSec: -1_000_001, mtimeNsec: 750_000_000 });
  expect(seen.get('./blk')).toMatchObject({ kind: 'block', major: 4000, minor: 300_000 });
  expect(seen.get('./bin/link')).toMatchObject({ kind: 'hardlink', linkName: './bin/again' });
});

describe('imageDisk', () => {
  it('is exactly as long as every disk, padding at its end', async () => {
    const diffIds = await storeAll([tar({ name: 'a', content: 'a' }), tar(), tar({ name: 'b' })]);
    const { extents } = await imageDisk(home, nextDigest(), diffIds);
    expect(extents).toHaveLength(3);
    expect(extents.reduce((sum, { sectors }) => sum + sectors * 512, 0)).toBe(DISK_BYTES);
    expect(extents.at(-1)?.path).toBe(home.padding());
    for (const { path, sectors } of extents.slice(0, -1))
      expect((await stat(path)).size).toBe(sectors * 512);
    const padding = await stat(home.padding());
    expect([padding.size, padding.blocks]).toEqual([DISK_BYTES, 0]);
  });

  it('writes the same metadata for the same layers', async () => {
    const diffIds = await storeAll(LAYERS['every kind of file and attribute'] ?? []);
    const digest = nextDigest();
    const first = await imageDisk(home, digest, diffIds);
    const before = await readFile(first.extents[0]?.path ?? '');
    await rm(join(home.disks(), digest.slice(7)), { recursive: true });
    await imageDisk(home, digest, diffIds);
    expect(before.equals(await readFile(first.extents[0]?.path ?? ''))).toBe(true);
  });

  it('gives a layer that is listed twice one place', async () => {
    const layer = tar({ name: 'a', content: 'a' });
    const diffIds = await storeAll([layer, tar({ name: '.wh.a' }), layer]);
    const { extents } = await imageDisk(home, nextDigest(), diffIds);
    expect(extents).toHaveLength(3);
    run('fsck.erofs', await joinDisk(diffIds));
  });

  it('makes one disk when four ask at once', async () => {
    const diffIds = await storeAll([tar({ name: 'four', content: 'a' })]);
    const digest = nextDigest();
    const disks = await Promise.all([1, 2, 3, 4].map(() => imageDisk(home, digest, diffIds)));
    for (const disk of disks) expect(disk).toEqual(disks[0]);
  });

  it('refuses a layer that is missing or has lost its end, and names it', async () => {
    const [diffId = ''] = await storeAll([tar({ name: 'cut', content: 'x'.repeat(9000) })]);
    const digest = nextDigest();
    await imageDisk(home, digest, [diffId]);
    await truncate(layerDataPath(home, diffId), 4096);
    await expect(imageDisk(home, digest, [diffId])).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining('it is 4096 bytes long instead of 12288') as string,
    });
    await rm(join(layerDataPath(home, diffId), '..'), { recursive: true });
    await expect(imageDisk(home, digest, [diffId])).rejects.toMatchObject({
      code: 'image-corrupt',
    });
    await expect(imageDisk(home, nextDigest(), [diffId])).rejects.toThrow(
      `layer ${diffId} is missing`,
    );
  });
});
