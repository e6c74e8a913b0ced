import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { readImage } from '../../src/image/store/image-record.js';
import { readToc } from '../../src/image/store/layer-store.js';
import { pullImage } from '../../src/image/transfer/pull.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import {
  blobsOf,
  descriptor,
  json,
  makeImage,
  makeTar,
  type TestBlob,
  type TestImage,
} from '../helpers/images.js';
import {
  config,
  type Content,
  type Entry,
  FOREIGN,
  hex,
  index,
  MANIFEST,
  manifest,
  newHome,
  on,
  pull,
  QUICK,
} from '../helpers/manifests.js';

let tar: Buffer;
let image: TestImage;
let foreign: TestImage;
beforeAll(async () => {
  tar = await makeTar({ file: 'content' });
  image = await makeImage({ layers: [tar], architecture: 'amd64' });
  foreign = await makeImage({ layers: [{ arm: 'x' }], architecture: 'arm', variant: 'v7' });
});

function sha512(bytes: Buffer): string {
  return `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
}

/** The same bytes under their sha512. */
function by512(one: TestBlob): TestBlob {
  return { ...one, digest: sha512(one.bytes) };
}

const layer = (): TestBlob => image.layers[0] ?? image.config;

describe('a pull follows', () => {
  test.each<[what: string, top: () => TestBlob, more?: () => TestBlob[]]>([
    [
      'an index',
      () => index(on('linux/arm/v7', foreign.manifest), on('linux/amd64', image.manifest)),
    ],
    [
      'an index whose attestations and unknown kinds come first',
      () =>
        index(
          on('unknown/unknown', foreign.manifest),
          { ...on('linux/amd64', foreign.manifest), mediaType: 'application/vnd.new.thing+json' },
          { ...on('linux/amd64', foreign.manifest), artifactType: 'application/vnd.signature' },
          { ...on('linux/amd64', foreign.manifest), digest: 'blake3:00' },
          on('linux/amd64', image.manifest),
        ),
    ],
    [
      'indexes in indexes, the one that has no fitting image passed over',
      () => index(descriptor(armOnly()), descriptor(nested())),
      () => [armOnly(), nested(), index(on('linux/amd64', image.manifest))],
    ],
    [
      'an index in an index that is under the platform',
      () => index(on('linux/amd64', nested())),
      () => [nested(), index(on('linux/amd64', image.manifest))],
    ],
    ['a manifest that does not say what it is', () => untyped()],
    [
      'a descriptor that holds the manifest itself',
      () => index({ ...on('linux/amd64', untyped()), data: untyped().bytes.toString('base64') }),
    ],
  ])('%s', async (_, top, more) => {
    const content: Content = [top(), ...(more?.() ?? []), ...blobsOf(foreign), ...blobsOf(image)];
    const [pulled, home] = await pull(content);
    expect(pulled.image.configDigest).toBe(image.config.digest);
    expect(pulled.digest).toBe(top().digest);
    expect(await readImage(home, pulled.image.manifestDigest)).toEqual(pulled.image);
  });
  const armOnly = (): TestBlob => index(on('linux/arm/v7', foreign.manifest));
  const nested = (): TestBlob => index(descriptor(index(on('linux/amd64', image.manifest))));
  const untyped = (): TestBlob =>
    json(MANIFEST, {
      schemaVersion: 2,
      config: descriptor(image.config),
      layers: image.layers.map(descriptor),
    });

  test('sha512 digests of index, manifest, config, layer and content', async () => {
    const layer512 = by512(layer());
    const config512 = by512(config([sha512(tar)]));
    const manifest512 = by512(manifest(descriptor(config512), [descriptor(layer512)]));
    const top = by512(index(on('linux/amd64', manifest512)));
    const registry = await startFakeRegistry([], undefined, [
      top,
      manifest512,
      config512,
      layer512,
    ]);
    const home = await newHome();
    try {
      const pulled = await pullImage(home, `${registry.host}/a@${top.digest}`, QUICK);
      expect(pulled.digest).toBe(top.digest);
      expect(await readImage(home, manifest512.digest)).toEqual(pulled.image);
      expect((await readToc(home, sha512(tar))).entries.map(({ path }) => path)).toEqual(['file']);
    } finally {
      await registry.stop();
    }
  });

  test('descriptors that hold config and layer themselves', async () => {
    const withData = (one: TestBlob): Entry => ({
      ...descriptor(one),
      data: one.bytes.toString('base64'),
    });
    const top = manifest(withData(image.config), [withData(layer())]);
    const [pulled, home] = await pull([top]);
    expect(pulled.image.configDigest).toBe(image.config.digest);
    expect((await readToc(home, pulled.image.config.diffIds[0] ?? '')).entries).toHaveLength(1);
  });

  test('a foreign layer to the address it gives, without credentials', async () => {
    const elsewhere = await startFakeRegistry([], undefined, [layer()]);
    try {
      const urls = [
        'ftp://127.0.0.1/x',
        `http://me:it@${elsewhere.host}/v2/x/blobs/${layer().digest}`,
      ];
      const top = manifest(descriptor(image.config), [
        { ...descriptor(layer()), mediaType: FOREIGN, urls },
      ]);
      const [, home] = await pull([top, image.config], {
        credentials: () => Promise.resolve({ username: 'me', password: 'it' }),
      });
      expect(await readdir(home.layers())).toHaveLength(1);
      expect(elsewhere.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    } finally {
      await elsewhere.stop();
    }
  });

  test('a foreign layer to the registry when that has it', async () => {
    const urls = ['https://127.0.0.1:1/never'];
    const top = manifest(descriptor(image.config), [
      { ...descriptor(layer()), mediaType: FOREIGN, urls },
    ]);
    const [pulled] = await pull([top, image.config, layer()]);
    expect(pulled.image.layers.map(({ mediaType }) => mediaType)).toEqual([FOREIGN]);
  });

  test('a layer that stands in the manifest twice', async () => {
    const twice = config([image, image].map(() => `sha256:${hex(tar)}`));
    const top = manifest(descriptor(twice), [descriptor(layer()), descriptor(layer())]);
    const [pulled] = await pull([top, twice, layer()]);
    expect(pulled.image.layers).toHaveLength(2);
  });
});
