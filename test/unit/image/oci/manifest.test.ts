import { describe, expect, test } from 'vitest';
import {
  type Descriptor,
  type Index,
  noSuitableEntry,
  parseManifest,
  suitableEntries,
} from '../../../../src/image/oci/manifest.js';
import type { Platform } from '../../../../src/image/oci/platform.js';

const OCI = 'application/vnd.oci.image';
const DOCKER = 'application/vnd.docker';
const INDEX = `${OCI}.index.v1+json`;
const MANIFEST = `${OCI}.manifest.v1+json`;
const DIGEST = `sha256:${'a'.repeat(64)}`;

const config = { mediaType: `${OCI}.config.v1+json`, digest: DIGEST, size: 2 };
const layer = { mediaType: `${OCI}.layer.v1.tar+gzip`, digest: DIGEST, size: 3 };
const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] };

function parse(value: unknown, declared?: string): ReturnType<typeof parseManifest> {
  return parseManifest(Buffer.from(JSON.stringify(value)), declared, 'manifest of x');
}

function entry(os: string, architecture: string, digit: string, variant?: string): object {
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  return { mediaType: MANIFEST, digest: `sha256:${digit.repeat(64)}`, size: 1, platform };
}

function index(...manifests: object[]): Index {
  const parsed = parse({ schemaVersion: 2, mediaType: INDEX, manifests });
  if (parsed.kind !== 'index') throw new Error('not an index');
  return parsed;
}

describe('a manifest', () => {
  test('of OCI and of Docker gives config and layers', () => {
    expect(parse(manifest)).toMatchObject({ kind: 'manifest', layers: [layer], config });
    const docker = parse({
      schemaVersion: 2,
      mediaType: `${DOCKER}.distribution.manifest.v2+json`,
      config: { ...config, mediaType: `${DOCKER}.container.image.v1+json` },
      layers: [{ ...layer, mediaType: `${DOCKER}.image.rootfs.diff.tar.gzip` }],
    });
    expect(docker.kind).toBe('manifest');
  });

  test('without a mediaType is what its sender says, else what it looks like', () => {
    const untyped = { ...manifest, mediaType: undefined };
    expect(parse(untyped, `${MANIFEST}; charset=utf-8`).mediaType).toBe(MANIFEST);
    expect(parse(untyped).mediaType).toBe(MANIFEST);
    expect(parse({ schemaVersion: 2, manifests: [] }).mediaType).toBe(INDEX);
    expect(() => parse({ schemaVersion: 2, config })).toThrow('mediaType is missing');
  });

  test('says where else its layers are, and holds small ones itself', () => {
    const data = Buffer.from('abc');
    const urls = ['https://example.com/layer'];
    const parsed = parse(withLayer({ urls, data: data.toString('base64') }));
    expect(parsed).toMatchObject({ layers: [{ urls, data }] });
  });

  test.each([
    ['sent under another type', manifest, INDEX, 'calls itself'],
    ['sent under a general type', manifest, 'application/json', 'calls itself'],
    ['both index and manifest', { ...manifest, manifests: [] }, undefined, 'both'],
    ['of schema 1', { schemaVersion: 1, fsLayers: [] }, undefined, 'schema 1'],
    ['of schema 3', { ...manifest, schemaVersion: 3 }, undefined, 'schemaVersion must be 2'],
    ['no object', [manifest], undefined, 'must be an object'],
    ['without config', { ...manifest, config: undefined }, undefined, 'config must be an object'],
    ['with a digest that is a path', withLayer({ digest: '../../x' }), undefined, 'digest must be'],
    ['with an unknown algorithm', withLayer({ digest: 'md5:00' }), undefined, 'digest must be'],
    ['with a negative size', withLayer({ size: -1 }), undefined, 'size must be a whole number'],
    ['with a size beyond 2^53', withLayer({ size: 1e300 }), undefined, 'size must be'],
    ['with a size that is text', withLayer({ size: '3' }), undefined, 'size must be'],
    ['with data that is no base64', withLayer({ data: 'ab c' }), undefined, 'data must be base64'],
    ['with a layer of unknown kind', withLayer({ mediaType: 'x/y' }), undefined, 'layer of type'],
    [
      'of something else than an image',
      { ...manifest, config: { ...config, mediaType: 'application/vnd.helm+json' } },
      undefined,
      'not a container image',
    ],
    [
      'with ten thousand layers',
      { ...manifest, layers: Array.from({ length: 10_000 }, () => layer) },
      undefined,
      'more than the 240',
    ],
    [
      'of an artifact with an empty config',
      {
        ...manifest,
        artifactType: 'application/vnd.example.sbom',
        config: { ...config, mediaType: 'application/vnd.oci.empty.v1+json' },
      },
      undefined,
      'not a container image but application/vnd.example.sbom',
    ],
    ['of an artifact type', { schemaVersion: 2, mediaType: 'a/b' }, undefined, 'not a container'],
  ])('%s is refused', (_what, value, declared, message) => {
    expect(() => parse(value, declared)).toThrow(message);
  });

  test('that is no JSON or no UTF-8 is refused', () => {
    for (const bytes of [Buffer.from('{'), Buffer.from([0x22, 0xff, 0x22]), Buffer.from('[[')])
      expect(() => parseManifest(bytes, MANIFEST, 'x')).toThrow('not valid JSON');
    expect(() => parseManifest(Buffer.from('['.repeat(1e6)), MANIFEST, 'x')).toThrow('not valid');
  });

  test('does not reach the prototype of objects', () => {
    const bytes = Buffer.from('{"schemaVersion":2,"__proto__":{"mediaType":"x/y"}}');
    expect(() => parseManifest(bytes, undefined, 'x')).toThrow('mediaType is missing');
  });
});

describe('an index', () => {
  const amd64 = { os: 'linux', architecture: 'amd64' };

  test('gives the first entry for the platform', () => {
    const chosen = chooseEntry(
      index(
        entry('windows', 'amd64', '1'),
        entry('linux', 'amd64', '2'),
        entry('linux', 'amd64', '3'),
      ),
      amd64,
      'x',
    );
    expect(chosen.digest).toContain('222');
  });

  test('has its attestations and unknown kinds passed over', () => {
    const attestation = entry('unknown', 'unknown', '1');
    const artifact = { ...entry('linux', 'amd64', '2'), mediaType: 'application/x' };
    const signature = { ...entry('linux', 'amd64', '5'), artifactType: 'application/signature' };
    const blake = { ...entry('linux', 'amd64', '3'), digest: 'blake3:00' };
    const all = index(attestation, artifact, signature, blake, entry('linux', 'amd64', '4'));
    expect(chooseEntry(all, amd64, 'x').digest).toContain('444');
    expect(() => chooseEntry(index(attestation), amd64, 'x')).toThrow('it has none');
  });

  test('gives the best variant that the CPU runs', () => {
    const arm = index(entry('linux', 'arm', '5', 'v5'), entry('linux', 'arm', '6', 'v6'));
    const wanted = { os: 'linux', architecture: 'arm', variant: 'v7' };
    expect(chooseEntry(arm, wanted, 'x').digest).toContain('666');
    expect(() =>
      chooseEntry(index(entry('linux', 'arm', '7', 'v7')), { ...wanted, variant: 'v6' }, 'x'),
    ).toThrow('has no image');
    const arm64 = index(entry('linux', 'arm64', '8', 'v8'));
    expect(chooseEntry(arm64, { os: 'linux', architecture: 'arm64' }, 'x').digest).toContain('888');
  });

  test('gives an entry without a platform only when nothing else fits', () => {
    const plain = { mediaType: MANIFEST, digest: `sha256:${'9'.repeat(64)}`, size: 1 };
    expect(chooseEntry(index(plain, entry('linux', 'amd64', '1')), amd64, 'x').digest).toContain(
      '111',
    );
    expect(chooseEntry(index(plain, entry('linux', 's390x', '1')), amd64, 'x').digest).toContain(
      '999',
    );
  });

  test('lists its platforms when none fits', () => {
    const all = index(entry('linux', 's390x', '1'), entry('linux', 'arm', '2', 'v7'));
    expect(() => chooseEntry(all, amd64, 'x')).toThrow('it has linux/s390x, linux/arm/v7');
  });
});

function withLayer(change: object): object {
  return { ...manifest, layers: [{ ...layer, ...change }] };
}

function chooseEntry(from: Index, wanted: Platform, what: string): Descriptor {
  const [chosen] = suitableEntries(from, wanted);
  if (chosen === undefined) throw noSuitableEntry(from, wanted, what);
  return chosen;
}
