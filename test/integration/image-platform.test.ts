import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Images } from '../../src/engine/images/images.js';
import { DEFAULT_LAYER_LIMITS } from '../../src/image/store/layer-limits.js';
import { type FakeRegistry, startFakeRegistry } from '../helpers/fake-registry.js';
import {
  blobsOf,
  descriptor,
  json,
  makeImage,
  makeIndex,
  type TestBlob,
  type TestImage,
  writeLayout,
} from '../helpers/images.js';
import { imageHome, storeListing } from '../helpers/stored-images.js';

let amd: TestImage;
let arm: TestImage;
let work: string;

beforeAll(async () => {
  amd = await makeImage({ layers: [{ amd: 'x' }], architecture: 'amd64' });
  arm = await makeImage({ layers: [{ arm: 'x' }], architecture: 'arm64', variant: 'v8' });
  work = await mkdtemp(join(tmpdir(), 'boxlite-platform-'));
});
afterAll(() => rm(work, { recursive: true }));

/** An index that tells no entry's platform. */
const silentIndex = (...images: TestImage[]): TestBlob =>
  json('application/vnd.oci.image.index.v1+json', {
    schemaVersion: 2,
    manifests: images.map(({ manifest }) => descriptor(manifest)),
  });

async function serve(top: TestBlob): Promise<FakeRegistry> {
  const registry = await startFakeRegistry([amd, arm], undefined, [top]);
  onTestFinished(() => registry.stop());
  return registry;
}

function openImages() {
  const { home, database } = imageHome();
  const images = new Images(home, () => database, {
    registries: [],
    registryOptions: () => Promise.resolve({}),
    layerLimits: DEFAULT_LAYER_LIMITS,
  });
  return { home, images };
}

describe('an image that is here is used for every spelling of its platform', () => {
  test.each([
    ['linux/amd64', ['linux/amd64', 'amd64', 'linux/x86_64', 'LINUX/AMD64/v2', 'x86-64']],
    ['linux/arm64', ['linux/arm64', 'arm64', 'linux/aarch64', 'linux/arm64/v8']],
  ])('%s', async (platform, spellings) => {
    const registry = await serve(makeIndex([amd, arm]));
    const { images } = openImages();
    const name = `${registry.host}/a:1`;
    await images.pull(name, { platform });
    const asked = registry.requests.length;
    const found = images.find(name)?.manifestDigest;
    for (const spelling of spellings)
      for (const policy of ['never', 'missing'] as const) {
        const image = await images.obtain(name, policy, { platform: spelling });
        expect([spelling, image.manifestDigest]).toEqual([spelling, found]);
      }
    expect(registry.requests).toHaveLength(asked);
  });
});

test('one for another platform is pulled, and without a pull it is said what is here', async () => {
  const registry = await serve(makeIndex([amd, arm]));
  const { images } = openImages();
  const name = `${registry.host}/a:1`;
  await images.pull(name, { platform: 'linux/x86_64' });
  await expect(images.obtain(name, 'never', { platform: 'aarch64' })).rejects.toMatchObject({
    code: 'image-not-found',
    message: `No such image: ${name} for linux/arm64; the one here is for linux/amd64`,
  });
  const pulled = await images.obtain(name, 'missing', { platform: 'aarch64' });
  expect(pulled.configDigest).toBe(arm.config.digest);
});

describe('of an index that tells no platform the configs are asked', () => {
  test.each([
    ['amd64', () => amd],
    ['arm64', () => arm],
  ])('by a pull for %s', async (platform, wanted) => {
    const registry = await serve(silentIndex(amd, arm));
    const { images } = openImages();
    const { imageId } = await images.pull(`${registry.host}/a`, { platform });
    expect(imageId).toBe(wanted().config.digest);
  });

  test.each([
    ['amd64', () => amd],
    ['arm64', () => arm],
  ])('by a load for %s', async (platform, wanted) => {
    const directory = await mkdtemp(join(work, 'layout-'));
    const top = silentIndex(amd, arm);
    await writeLayout(directory, [{ blob: top }], [top, ...blobsOf(amd), ...blobsOf(arm)]);
    const { images } = openImages();
    const [loaded] = await images.load(directory, { platform });
    expect(loaded?.id).toBe(wanted().config.digest);
  });

  test('and what they tell is listed when none is right', async () => {
    const registry = await serve(silentIndex(amd, arm));
    const { images } = openImages();
    await expect(
      images.pull(`${registry.host}/a`, { platform: 'linux/s390x' }),
    ).rejects.toMatchObject({
      code: 'image-not-found',
      message: expect.stringContaining(
        'has no image for linux/s390x; it has linux/amd64, linux/arm64/v8',
      ) as string,
    });
  });
});

test('where one image is wanted, of a layout of two nothing is stored', async () => {
  const directory = await mkdtemp(join(work, 'layout-'));
  await writeLayout(
    directory,
    [{ blob: amd.manifest }, { blob: arm.manifest }],
    [...blobsOf(amd), ...blobsOf(arm)],
  );
  const { home, images } = openImages();
  const before = await storeListing(home);
  await expect(images.load(directory, { single: true })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: `${directory} holds 2 images, not one`,
  });
  expect(await storeListing(home)).toEqual(before);
});
