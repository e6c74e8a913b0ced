import { appendFile, mkdtemp, open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { imageDisk } from '../../src/image/disk/image-disk.js';
import { blobPath, hasBlob } from '../../src/image/store/content-store.js';
import { readImage, type StoredImage } from '../../src/image/store/image-record.js';
import { layerDirectory } from '../../src/image/store/layer-store.js';
import { loadArchive } from '../../src/image/transfer/load.js';
import { pullImage } from '../../src/image/transfer/pull.js';
import { longBytes } from '../helpers/bytes.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { blobsOf, makeImage, type TestImage, writeLayout } from '../helpers/images.js';

let work: string;
let layout: string;
let made: TestImage;
let home: Home;
let image: StoredImage;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'boxlite-corruption-'));
  layout = join(work, 'layout');
  made = await makeImage({ layers: [{ base: longBytes(300_000) }, { top: longBytes(9_000) }] });
  await writeLayout(layout, [{ blob: made.manifest }], blobsOf(made));
});
afterAll(() => rm(work, { recursive: true, force: true }));
beforeEach(async () => {
  home = new Home(await mkdtemp(join(work, 'home-')));
  image = await load();
});

async function load(): Promise<StoredImage> {
  const [loaded] = await loadArchive(home, layout);
  if (loaded === undefined) throw new Error('nothing was loaded');
  return loaded.image;
}

const disk = () => imageDisk(home, image.manifestDigest, image.config.diffIds);
const layerFile = (name: string): string =>
  join(layerDirectory(home, image.config.diffIds[0] ?? ''), name);
const diskFile = (name: string): string =>
  join(home.disks(), image.manifestDigest.slice('sha256:'.length), name);

/** Everything the store would boot from. */
async function bootBytes(): Promise<Buffer> {
  const { extents } = await disk();
  return Buffer.concat(await Promise.all(extents.slice(0, -1).map(({ path }) => readFile(path))));
}

async function flipByte(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const { size } = await file.stat();
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, size >> 1);
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, size >> 1);
}

const DAMAGES: [what: string, damage: (path: string) => Promise<void>][] = [
  ['a flipped byte', flipByte],
  ['its end cut off', async (path) => truncate(path, (await stat(path)).size - 7)],
  ['its end cut off and zeros in its place', cutAndFill],
  ['a byte too many', (path) => appendFile(path, 'x')],
  ['nothing in it', (path) => truncate(path, 0)],
];

async function cutAndFill(path: string): Promise<void> {
  const { size } = await stat(path);
  await truncate(path, size >> 1);
  await truncate(path, size);
}

describe.each(DAMAGES)('a file with %s', (_what, damage) => {
  test('is not booted when it is the data of a layer; loading again puts it right', async () => {
    const before = await bootBytes();
    await damage(layerFile('data'));
    await expect(disk()).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining(layerFile('data')) as string,
      hint: expect.stringContaining('load') as string,
    });
    await load();
    expect(before.equals(await bootBytes())).toBe(true);
  });

  test('is named when it is the table of contents of a layer; loading again puts it right', async () => {
    await damage(layerFile('toc'));
    await expect(disk()).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining(layerFile('toc')) as string,
    });
    await load();
    expect((await bootBytes()).length).toBeGreaterThan(300_000);
  });

  test.each(['meta.erofs', 'lengths.json'])('is made anew when it is %s', async (name) => {
    const before = await bootBytes();
    await damage(diskFile(name));
    expect(before.equals(await bootBytes())).toBe(true);
  });

  test.each([
    ['manifest', () => image.manifestDigest],
    ['config', () => image.configDigest],
  ])('is named when it is the %s; loading again puts it right', async (_kind, digestOf) => {
    await damage(blobPath(home, digestOf()));
    await expect(readImage(home, image.manifestDigest)).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining(digestOf().slice(7, 19)) as string,
    });
    await load();
    expect(await readImage(home, image.manifestDigest)).toEqual(image);
  });

  test('is no blob any more; pulling again brings that blob alone', async () => {
    const registry = await startFakeRegistry([made]);
    try {
      const [layer] = image.layers;
      if (layer === undefined) throw new Error('the image has no layer');
      await damage(blobPath(home, layer.digest));
      expect(await hasBlob(home, layer)).toBe(false);
      await pullImage(home, `${registry.host}/a`);
      expect(await hasBlob(home, layer)).toBe(true);
      const blobs = registry.requests.filter(({ path }) => path.includes('/blobs/'));
      expect(blobs.map(({ path }) => path.split('/').at(-1))).toEqual([layer.digest]);
    } finally {
      await registry.stop();
    }
  });
});

test('pulling again lays a damaged layer out from its stored blob, without a download', async () => {
  const registry = await startFakeRegistry([made]);
  try {
    const before = await bootBytes();
    await flipByte(layerFile('data'));
    await pullImage(home, `${registry.host}/a`);
    expect(before.equals(await bootBytes())).toBe(true);
    expect(registry.requests.filter(({ path }) => path.includes('/blobs/'))).toEqual([]);
  } finally {
    await registry.stop();
  }
});

describe('a home that was copied', () => {
  test.each([
    ['with its times', ['-a']],
    ['by hard links', ['-al']],
    ['without its times', ['-r']],
  ])('%s boots what it did', async (_what, flags) => {
    const before = await bootBytes();
    const copy = join(work, `copy${flags.join('')}`);
    await execa('cp', [...flags, home.root, copy]);
    home = new Home(copy);
    expect(before.equals(await bootBytes())).toBe(true);
    for (const layer of image.layers) expect(await hasBlob(home, layer)).toBe(true);
  });

  test('without its times and with a flipped byte does not boot', async () => {
    await disk();
    const copy = join(work, 'copy-damaged');
    await execa('cp', ['-r', home.root, copy]);
    home = new Home(copy);
    await flipByte(layerFile('data'));
    await expect(disk()).rejects.toMatchObject({ code: 'image-corrupt' });
  });
});

test('a layer without its seal whose blob is gone can not be proved, and is not booted', async () => {
  await disk();
  await rm(blobPath(home, image.layers[0]?.digest ?? ''));
  const same = await readFile(layerFile('data'));
  await using file = await open(layerFile('data'), 'r+');
  await file.write(same);
  await expect(disk()).rejects.toMatchObject({ code: 'image-corrupt' });
});
