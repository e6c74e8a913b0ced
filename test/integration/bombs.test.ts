import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Home } from '../../src/host/home.js';
import type { LayerLimits } from '../../src/image/store/layer-limits.js';
import { allocatedBytes } from '../../src/image/store/store-files.js';
import { importRootfs } from '../../src/image/transfer/import.js';
import { loadArchive } from '../../src/image/transfer/load.js';
import { pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { failure } from '../helpers/failure.js';
import {
  type FakeRegistry,
  type Interference,
  startFakeRegistry,
} from '../helpers/fake-registry.js';
import { blob, imageOf, json, makeImage, sha256, type TestBlob } from '../helpers/images.js';
import { tar, tarEntry, type TarFields } from '../helpers/tar-builder.js';

const MIB = 2 ** 20;
const LAYER = 'application/vnd.oci.image.layer.v1.tar';
const limits: LayerLimits = { bytes: MIB, entries: 1000 };
const QUICK: PullOptions = { retry: { attempts: 2, firstPauseMs: 1, longestPauseMs: 10 } };
const raised = expect.stringContaining('raise "maxLayerSize"') as string;

let home: Home;
beforeEach(async () => {
  home = new Home(await mkdtemp(join(tmpdir(), 'boxlite-bombs-')));
});
afterEach(() => rm(home.root, { recursive: true, force: true }));

async function* inChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536)
    yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}

async function* endlessly(first: Buffer, then: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(first);
  for (;;) yield await Promise.resolve(then);
}

/** Next to nothing is left of what was refused. */
async function expectClean(): Promise<void> {
  expect(await readdir(home.partial())).toEqual([]);
  expect(allocatedBytes(home.root)).toBeLessThan(MIB / 4);
}

describe('an archive to load', () => {
  const zeros = (name: string, mib: number): TarFields => ({
    name,
    content: '\0'.repeat(mib * MIB),
  });
  it.each([
    ['one file that is larger than a layer may be', [zeros('a', 4)], 'holds a file of more than'],
    [
      'many files that are larger together',
      Array.from({ length: 8 }, (_, n): TarFields => ({ ...zeros(`${n}`, 0.5) })),
      'unpacks to 1048576 bytes more than it has',
    ],
    [
      'files that nobody would look at',
      Array.from({ length: 8 }, (_, n): TarFields => ({ ...zeros(`../${n}`, 0.5) })),
      'unpacks to 1048576 bytes more than it has',
    ],
  ])('of a few bytes is refused that has %s', async (_what, files, fault) => {
    const bomb = gzipSync(tar(...files));
    expect(bomb.length).toBeLessThan(MIB / 4);
    const error = await failure(loadArchive(home, inChunks(bomb), { limits }));
    expect(error).toMatchObject({ code: 'layer-invalid', hint: raised });
    expect(error.message).toContain(fault);
    await expectClean();
  });

  it('may be larger than a layer, if none of its files is', async () => {
    const layers = [1, 2, 3].map(() => ({ noise: randomBytes(MIB / 2) }));
    const image = await makeImage({ layers, compression: 'none' });
    const archive = tar(
      { name: 'index.json', content: listing([image.manifest]) },
      ...[image.manifest, image.config, ...image.layers].map(({ digest, bytes }) => ({
        name: `blobs/sha256/${digest.slice(7)}`,
        content: bytes.toString('latin1'),
      })),
    );
    const [loaded] = await loadArchive(home, inChunks(archive), { limits });
    expect(loaded?.image.layers).toHaveLength(3);
  });

  it('is refused whose names would fill our memory', async () => {
    const entries = Array.from({ length: 300 }, (_, n) =>
      tarEntry({ name: 'x', content: 'x', pax: { path: `${'n'.repeat(60_000)}/${n}` } }),
    );
    const error = await failure(loadArchive(home, inChunks(gzipSync(Buffer.concat(entries)))));
    expect(error).toMatchObject({ code: 'archive-invalid' });
    expect(error.message).toContain('its names are too long');
    await expectClean();
  });

  it.each([
    [
      'an index of more images than a registry may have',
      'index.json',
      listing(Array.from({ length: 4097 }, () => blob(LAYER, Buffer.alloc(0)))),
      'lists more than 4096 images',
    ],
    [
      'as many images in manifest.json',
      'manifest.json',
      JSON.stringify(Array.from({ length: 4097 }, () => ({ Config: 'c' }))),
      'lists more than 4096 images',
    ],
    [
      'an image of too many layers',
      'manifest.json',
      JSON.stringify([{ Config: 'c', Layers: Array.from({ length: 241 }, () => 'l') }]),
      'lists more than 240 layers for one image',
    ],
  ])('is refused that lists %s', async (_what, name, content, fault) => {
    const error = await failure(loadArchive(home, inChunks(tar({ name, content }))));
    expect(error).toMatchObject({ code: 'archive-invalid' });
    expect(error.message).toContain(fault);
    await expectClean();
  });
});

it('padding without end after a packed root file system is not stored', async () => {
  const source = endlessly(gzipSync(tar({ name: 'a', content: 'x' })), Buffer.alloc(65_536));
  const error = await failure(importRootfs(home, source, { limits }));
  expect(error).toMatchObject({ code: 'layer-invalid', hint: raised });
  await expectClean();
});

describe('a registry', () => {
  async function serving(image: ReturnType<typeof imageOf>, bend?: Interference) {
    const registry = await startFakeRegistry([image], bend);
    onTestFinished(() => registry.stop());
    return registry;
  }
  const blobsAsked = ({ requests }: FakeRegistry, { digest }: TestBlob): number =>
    requests.filter(({ path }) => path.endsWith(digest)).length;
  const claiming = (size: number): TestBlob => ({ ...blob(LAYER, Buffer.from('no tar')), size });

  it('is not asked for a layer that it announces as larger than a layer may be', async () => {
    const layer = claiming(2 ** 50);
    const registry = await serving(imageOf(layer, sha256(Buffer.alloc(0))));
    const error = await failure(pullImage(home, `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'layer-invalid', hint: raised });
    expect(error.message).toContain(`layer ${layer.digest} has ${2 ** 50} bytes, more than`);
    expect(blobsAsked(registry, layer)).toBe(0);
    await expectClean();
  });

  it('is not asked for layers that the disk has no place for', async () => {
    const layer = claiming(2 ** 50);
    const registry = await serving(imageOf(layer, sha256(Buffer.alloc(0))));
    const huge = { ...limits, bytes: 2 ** 52 };
    const error = await failure(pullImage(home, `${registry.host}/a`, { ...QUICK, limits: huge }));
    expect(error).toMatchObject({ code: 'no-space' });
    expect(error.message).toContain(`${2 ** 50} bytes are missing of it`);
    expect(blobsAsked(registry, layer)).toBe(0);
    await expectClean();
  });

  it('is not asked for a config that is larger than we would read', async () => {
    const image = await makeImage({ layers: [{ a: 'b' }] });
    const config = { ...image.config, size: 2 ** 32 };
    const manifest = json(image.manifest.mediaType, {
      ...(JSON.parse(image.manifest.bytes.toString()) as object),
      config: { mediaType: config.mediaType, digest: config.digest, size: config.size },
    });
    const registry = await serving({ ...image, manifest });
    const error = await failure(pullImage(home, `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'image-corrupt' });
    expect(blobsAsked(registry, config)).toBe(0);
  });

  it('is not listened to any more when a layer that goes on for ever has proved bad', async () => {
    const layer = claiming(2 ** 30);
    const chunk = randomBytes(65_536);
    let sent = 0;
    const registry = await serving(imageOf(layer, sha256(Buffer.alloc(0))), (request, response) => {
      if (request.url?.endsWith(layer.digest) !== true) return false;
      const more = (): void => {
        while (!response.destroyed && sent < 2 ** 30) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
      };
      more();
      return true;
    });
    const error = await failure(pullImage(home, `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'layer-invalid' });
    expect(sent).toBeLessThan(32 * MIB);
    expect(blobsAsked(registry, layer)).toBe(1);
    await expectClean();
  });

  it('is asked once for a layer that is bad and small, and nothing of it is kept', async () => {
    const layer = blob(LAYER, randomBytes(100_000));
    const registry = await serving(imageOf(layer, sha256(layer.bytes)));
    const error = await failure(pullImage(home, `${registry.host}/a`, QUICK));
    expect(error).toMatchObject({ code: 'layer-invalid' });
    expect(blobsAsked(registry, layer)).toBe(1);
    await expectClean();
  });

  it('gives a large layer from the start when what an earlier run left proves bad', async () => {
    const image = await makeImage({
      layers: [{ noise: randomBytes(18 * MIB) }],
      compression: 'none',
    });
    const [layer = claiming(0)] = image.layers;
    const registry = await serving(image);
    await mkdir(home.partial(), { recursive: true });
    await writeFile(join(home.partial(), layer.digest.replace(':', '-')), randomBytes(5000));
    await pullImage(home, `${registry.host}/a`, QUICK);
    const ranges = registry.requests.filter(({ path }) => path.endsWith(layer.digest));
    expect(ranges.map(({ range }) => range).at(-1)).toBeUndefined();
    expect(ranges.length).toBeLessThanOrEqual(2);
  });
});

function listing(tops: readonly TestBlob[]): string {
  const manifests = tops.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  return JSON.stringify({ schemaVersion: 2, manifests });
}
