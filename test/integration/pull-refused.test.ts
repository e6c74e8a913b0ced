import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  blob,
  blobsOf,
  descriptor,
  json,
  makeImage,
  type TestBlob,
  type TestImage,
} from '../helpers/images.js';
import {
  config,
  type Content,
  type Entry,
  FOREIGN,
  INDEX,
  index,
  LAYER,
  MANIFEST,
  manifest,
  on,
  pull,
} from '../helpers/manifests.js';

let image: TestImage;
let foreign: TestImage;
beforeAll(async () => {
  image = await makeImage({ layers: [{ file: 'content' }], architecture: 'amd64' });
  foreign = await makeImage({ layers: [{ arm: 'x' }], architecture: 'arm', variant: 'v7' });
});

const layer = (): TestBlob => image.layers[0] ?? image.config;

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
