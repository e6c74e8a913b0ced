import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { readImage } from '../../src/image/store/image-record.js';
import { readToc } from '../../src/image/store/layer-store.js';
import { type PulledImage, pullImage, type PullOptions } from '../../src/image/transfer/pull.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import {
  blob,
  blobsOf,
  descriptor,
  json,
  makeImage,
  makeTar,
  type TestBlob,
  type TestImage,
} from '../helpers/images.js';

const OCI = 'application/vnd.oci.image';
const INDEX = `${OCI}.index.v1+json`;
const MANIFEST = `${OCI}.manifest.v1+json`;
const CONFIG = `${OCI}.config.v1+json`;
const LAYER = `${OCI}.layer.v1.tar+gzip`;
const FOREIGN = `${OCI}.layer.nondistributable.v1.tar+gzip`;
const QUICK: PullOptions = {
  retry: { attempts: 1, firstPauseMs: 1, longestPauseMs: 1 },
  platform: { os: 'linux', architecture: 'amd64' },
};

let scratch: string;
let tar: Buffer;
let image: TestImage;
let foreign: TestImage;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-manifests-'));
  tar = await makeTar({ file: 'content' });
  image = await makeImage({ layers: [tar], architecture: 'amd64' });
  foreign = await makeImage({ layers: [{ arm: 'x' }], architecture: 'arm', variant: 'v7' });
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** What a registry has: the first is what the tag names. */
type Content = [TestBlob, ...TestBlob[]];

async function pull(content: Content, options: PullOptions = {}): Promise<[PulledImage, Home]> {
  const registry = await startFakeRegistry([], undefined, content);
  const home = new Home(await mkdtemp(join(scratch, 'home-')));
  try {
    return [await pullImage(home, `${registry.host}/a`, { ...QUICK, ...options }), home];
  } finally {
    await registry.stop();
    // Whatever happened, nobody holds anything any more.
    const left = await readdir(home.partial()).catch(() => []);
    expect(left.filter((name) => name.includes('claim'))).toEqual([]);
  }
}

type Entry = Record<string, unknown>;

function index(...manifests: Entry[]): TestBlob {
  return json(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests });
}

function on(platform: string, top: TestBlob): Entry {
  const [os, architecture, variant] = platform.split('/');
  return { ...descriptor(top), platform: { os, architecture, variant } };
}

/** A manifest of these parts, which may lie. */
function manifest(config: Entry, layers: Entry[], more: Entry = {}): TestBlob {
  return json(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers, ...more });
}

function config(diffIds: string[], more: Entry = {}): TestBlob {
  const rootfs = { type: 'layers', diff_ids: diffIds };
  return json(CONFIG, { os: 'linux', architecture: 'amd64', rootfs, ...more });
}

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
    const home = new Home(await mkdtemp(join(scratch, 'home-')));
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

describe('a pull refuses', () => {
  const digits = (digit: string): string => `sha256:${digit.repeat(64)}`;
  const flipped = (one: TestBlob): TestBlob => {
    const bytes = Buffer.from(one.bytes);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    return { ...one, bytes };
  };
  const whole = (): Entry[] => [descriptor(layer())];
  const all = (top: TestBlob, ...instead: TestBlob[]): Content => [
    top,
    ...instead,
    ...blobsOf(image),
  ];
  /** Claims to be an index that lists itself: nobody can make one whose digest is right. */
  const loop = (): TestBlob => {
    const ofSize = (size: number): Buffer =>
      index({ mediaType: INDEX, digest: digits('a'), size }).bytes;
    const bytes = ofSize(ofSize(100).length);
    return { mediaType: INDEX, digest: digits('a'), size: bytes.length, bytes };
  };

  test.each<[attack: string, content: () => Content, code: string, message: string]>([
    // Sizes, then digests, at each level.
    [
      'an index that lies about a manifest’s size',
      () => all(index({ ...on('linux/amd64', image.manifest), size: 7 })),
      'image-corrupt',
      'its index says 7',
    ],
    [
      'an index that lists a manifest of 5 MiB',
      () => all(index({ ...on('linux/amd64', image.manifest), size: 5 << 20 })),
      'image-corrupt',
      'a manifest of 5242880 bytes',
    ],
    [
      'a manifest that lies about the config’s size',
      () => all(manifest({ ...descriptor(image.config), size: 3 }, whole())),
      'image-corrupt',
      'the manifest says 3',
    ],
    [
      'a manifest whose config is 9 MiB',
      () => all(manifest({ ...descriptor(image.config), size: 9 << 20 }, whole())),
      'image-corrupt',
      'more than the',
    ],
    [
      'a manifest that lies about a layer’s size',
      () => all(manifest(descriptor(image.config), [{ ...descriptor(layer()), size: 1 << 30 }])),
      'image-corrupt',
      'the manifest says 1073741824',
    ],
    [
      'a manifest in an index with other bytes',
      () => all(index(on('linux/amd64', image.manifest)), flipped(image.manifest)),
      'image-corrupt',
      'manifest of',
    ],
    [
      'a config with other bytes',
      () => all(image.manifest, flipped(image.config)),
      'image-corrupt',
      'has the digest',
    ],
    [
      'a layer with other bytes',
      () => all(image.manifest, flipped(layer())),
      'image-corrupt',
      'has the digest',
    ],
    [
      'a layer whose content is not what the config says',
      () => {
        const other = config([digits('e')]);
        return all(manifest(descriptor(other), whole()), other);
      },
      'image-corrupt',
      `but the image says ${digits('e')}`,
    ],
    [
      'inline data that are another blob',
      () =>
        all(
          manifest(
            {
              ...descriptor(image.config),
              data: Buffer.alloc(image.config.size).toString('base64'),
            },
            whole(),
          ),
        ),
      'image-corrupt',
      'has the digest',
    ],
    [
      'an inline manifest that is another one',
      () => all(index({ ...on('linux/amd64', image.manifest), data: 'YWJj' })),
      'image-corrupt',
      'has data that are not',
    ],
    // Documents that do not fit together.
    [
      'a config with fewer layers than the manifest',
      () => {
        const none = config([]);
        return all(manifest(descriptor(none), whole()), none);
      },
      'image-corrupt',
      'has 1 layers, but its config lists 0',
    ],
    [
      'a config with more layers than the manifest',
      () => all(manifest(descriptor(image.config), [])),
      'image-corrupt',
      'has 0 layers, but its config lists 1',
    ],
    [
      'an index that calls an index a manifest',
      () => {
        const inner = index(on('linux/amd64', image.manifest));
        return all(index({ ...on('linux/amd64', inner), mediaType: MANIFEST }), inner);
      },
      'image-corrupt',
      'index',
    ],
    [
      'an image for another platform under ours',
      () => [index(on('linux/amd64', foreign.manifest)), ...blobsOf(foreign)],
      'image-not-found',
      'is an image for linux/arm',
    ],
    [
      'an index without our platform',
      () => [index(on('linux/arm/v7', foreign.manifest)), ...blobsOf(foreign)],
      'image-not-found',
      'it has linux/arm/v7',
    ],
    [
      'an index of attestations',
      () => all(index(on('unknown/unknown', image.manifest))),
      'image-not-found',
      'it has none',
    ],
    ['an empty index', () => all(index()), 'image-not-found', 'it has none'],
    // Floods and loops.
    ['an index that lists itself', () => [loop()], 'image-corrupt', 'its digest is'],
    [
      'an index of indexes without end',
      () => {
        const inner = Array.from({ length: 40 }, (_, i) =>
          index(on(`linux/none${i}`, image.manifest)),
        );
        return [index(...inner.map(descriptor)), ...inner];
      },
      'image-corrupt',
      'more than 32 indexes',
    ],
    [
      'an index of ten thousand entries',
      () => [index(...Array.from({ length: 10_000 }, () => on('linux/x', image.manifest)))],
      'image-corrupt',
      'at most 4096 entries',
    ],
    [
      'ten thousand layers',
      () => {
        const many = config(Array.from({ length: 10_000 }, () => digits('b')));
        const layers = Array.from({ length: 10_000 }, () => descriptor(layer()));
        return all(manifest(descriptor(many), layers), many);
      },
      'image-corrupt',
      'has 10000, more than the',
    ],
    // What is no image.
    [
      'a manifest of schema 1',
      () => [
        blob(
          'application/vnd.docker.distribution.manifest.v1+prettyjws',
          Buffer.from('{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"history":[]}'),
        ),
      ],
      'unsupported',
      "Docker's old format (schema 1)",
    ],
    [
      'a manifest of schema 1 under another type',
      () => [blob('application/json', Buffer.from('{"schemaVersion":1,"fsLayers":[]}'))],
      'unsupported',
      "Docker's old format (schema 1)",
    ],
    [
      'an artifact',
      () => [
        manifest(
          { ...descriptor(image.config), mediaType: 'application/vnd.oci.empty.v1+json' },
          [],
          {
            artifactType: 'application/vnd.example.sbom+json',
          },
        ),
      ],
      'unsupported',
      'is not a container image but application/vnd.example.sbom+json',
    ],
    [
      'a chart',
      () => [
        manifest(
          { ...descriptor(image.config), mediaType: 'application/vnd.cncf.helm.config.v1+json' },
          [],
        ),
      ],
      'unsupported',
      'is not a container image but application/vnd.cncf.helm',
    ],
    [
      'an artifact manifest of old',
      () => {
        const type = 'application/vnd.oci.artifact.manifest.v1+json';
        return [json(type, { schemaVersion: 2, mediaType: type, blobs: [] })];
      },
      'unsupported',
      'is not a container image but application/vnd.oci.artifact',
    ],
    [
      'a layer of an unknown kind',
      () =>
        all(manifest(descriptor(image.config), [{ ...descriptor(layer()), mediaType: 'text/x' }])),
      'unsupported',
      'has a layer of type text/x',
    ],
    [
      'a layer that is not a tar',
      () => {
        const noTar = blob(LAYER, gzipSync(Buffer.alloc(2048, 'x')));
        return all(manifest(descriptor(image.config), [descriptor(noTar)]), noTar);
      },
      'layer-invalid',
      'layer sha256:',
    ],
    // Foreign layers whose addresses are no way out.
    [
      'a foreign layer that is nowhere',
      () => [
        manifest(descriptor(image.config), [
          {
            ...descriptor(layer()),
            mediaType: FOREIGN,
            urls: [
              'http://example.com/x',
              'file:///etc/passwd',
              'no address',
              'https://127.0.0.1:1/',
            ],
          },
        ]),
        image.config,
      ],
      'image-corrupt',
      'is nowhere',
    ],
    [
      'a foreign layer without an address',
      () => [
        manifest(descriptor(image.config), [{ ...descriptor(layer()), mediaType: FOREIGN }]),
        image.config,
      ],
      'image-corrupt',
      'does not have blob',
    ],
  ])('%s', async (_, content, code, message) => {
    const refused = expect(pull(content())).rejects;
    await refused.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });
});

function hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
