import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { layerDataPath, readToc, storeLayer } from '../../src/image/store/layer-store.js';
import { loadArchive } from '../../src/image/transfer/load.js';
import { pullImage } from '../../src/image/transfer/pull.js';
import {
  blobsOf,
  BUSYBOX,
  makeImage,
  makeTar,
  pushImage,
  sha256,
  type TestImage,
  writeLayout,
  zstd,
} from '../helpers/images.js';
import { startRegistry } from '../helpers/registry.js';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-zstd-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function newHome(): Promise<Home> {
  return new Home(await mkdtemp(join(scratch, 'home-')));
}

async function* inChunks(bytes: Buffer, size = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size));
}

describe('an image with zstd layers', () => {
  let image: TestImage;
  let plain: TestImage;
  beforeAll(async () => {
    const layers = [BUSYBOX, { 'etc/motd': 'hello\n' }];
    image = await makeImage({ layers, compression: 'zstd' });
    plain = await makeImage({ layers, compression: 'none' });
  });

  async function expectLayersOfPlain(home: Home, diffIds: string[]): Promise<void> {
    expect(diffIds).toEqual(plain.layers.map(({ digest }) => digest));
    const { entries } = await readToc(home, diffIds[0] ?? '');
    const busybox = entries.find(({ path }) => path === 'bin/busybox');
    const start = (busybox?.block ?? NaN) * 4096;
    const data = await readFile(layerDataPath(home, diffIds[0] ?? ''));
    const content = await readFile('/bin/busybox');
    expect(data.subarray(start, start + content.length).equals(content)).toBe(true);
  }

  test('is pulled from a registry', async () => {
    const registry = await startRegistry();
    try {
      await pushImage(`${registry.host}/zstd`, [image]);
      const home = await newHome();
      const pulled = await pullImage(home, `${registry.host}/zstd`);
      expect(pulled.image.layers.map(({ mediaType }) => mediaType)).toEqual([
        'application/vnd.oci.image.layer.v1.tar+zstd',
        'application/vnd.oci.image.layer.v1.tar+zstd',
      ]);
      await expectLayersOfPlain(home, pulled.image.config.diffIds);
    } finally {
      await registry.stop();
    }
  });

  test('is loaded from an OCI layout', async () => {
    const layout = await mkdtemp(join(scratch, 'layout-'));
    await writeLayout(layout, [{ blob: image.manifest }], blobsOf(image));
    const home = await newHome();
    const [loaded] = await loadArchive(home, layout);
    await expectLayersOfPlain(home, loaded?.image.config.diffIds ?? []);
  });
});

describe('what the reference implementation writes', () => {
  let tar: Buffer;
  beforeAll(async () => {
    // The noise comes back after 40 MiB: found only by a match over a long window.
    const noise = randomBytes(300_000);
    tar = await makeTar({
      ...BUSYBOX,
      a: noise,
      b: Buffer.alloc(40 * 2 ** 20, 'a layer of text\n'),
      c: noise,
    });
  });

  test.each<[what: string, pack: (bytes: Buffer) => Buffer]>([
    ['at its fastest', (bytes) => zstd(bytes, '--fast=5')],
    ['at level 3', (bytes) => zstd(bytes, '-3')],
    ['at level 19 with checksums', (bytes) => zstd(bytes, '-19', '--check')],
    ['without checksums', (bytes) => zstd(bytes, '--no-check')],
    ['at level 22', (bytes) => zstd(bytes, '--ultra', '-22')],
    ['with a window of 128 MiB', (bytes) => zstd(bytes, '--long=27')],
    ['with several threads', (bytes) => zstd(bytes, '-T2', '-B1M')],
    [
      'as many frames',
      (bytes) =>
        Buffer.concat([
          zstd(bytes.subarray(0, 512)),
          zstd(Buffer.alloc(0)),
          zstd(bytes.subarray(512, 600_000)),
          zstd(bytes.subarray(600_000)),
        ]),
    ],
  ])('%s is laid out', async (_, pack) => {
    const diffId = sha256(tar);
    const stored = await storeLayer(await newHome(), inChunks(pack(tar)), { diffId });
    expect(stored).toEqual({ diffId, size: tar.length });
  });

  test('with a window of 256 MiB is refused, and the hint says what to do', async () => {
    const packed = zstd(tar, '--ultra', '--long=28');
    await expect(storeLayer(await newHome(), inChunks(packed), {})).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('--long=27') as string,
    });
  });

  test('is refused when a checksum is wrong', async () => {
    const packed = zstd(tar, '--check');
    const last = packed.length - 1;
    packed[last] = (packed[last] ?? 0) ^ 1;
    await expect(storeLayer(await newHome(), inChunks(packed), {})).rejects.toMatchObject({
      code: 'layer-invalid',
      message: expect.stringContaining('a checksum is wrong') as string,
    });
  });

  test('is refused with a bit flipped anywhere in its data', async () => {
    const packed = zstd(tar, '--check');
    const home = await newHome();
    const diffId = sha256(tar);
    for (let i = 0; i < 16; i++) {
      const bad = Buffer.from(packed);
      const at = Math.floor(((i + 0.5) * packed.length) / 16);
      bad[at] = (bad[at] ?? 0) ^ (1 << (i % 8));
      await expect(storeLayer(home, inChunks(bad), { diffId })).rejects.toMatchObject({
        code: expect.stringMatching(/^(layer-invalid|unsupported|image-corrupt)$/) as string,
      });
    }
  });
});
