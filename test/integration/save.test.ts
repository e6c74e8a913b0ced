import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ArchiveFormat } from '../../src/engine/images/images.js';
import { Home } from '../../src/host/home.js';
import { digestOf } from '../../src/image/oci/digest.js';
import { blobPath, writeBlob } from '../../src/image/store/content-store.js';
import { saveArchive } from '../../src/image/transfer/save.js';
import { awkwardBytes, longBytes } from '../helpers/bytes.js';
import { type FakeRegistry, startFakeRegistry } from '../helpers/fake-registry.js';
import { blobsOf, makeImage, sha256, type TestImage } from '../helpers/images.js';
import {
  diffIdsOf,
  type ImageHome,
  imageHome,
  loadAs,
  makeImages,
  type TestImages,
} from '../helpers/stored-images.js';
import { openRuntime, temporaryHome } from '../helpers/tiny-runtime.js';

let work: string;
let images: TestImages;
let registry: FakeRegistry;
let place: ImageHome;
let pulled: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'boxlite save-'));
  images = await makeImages();
  registry = await startFakeRegistry([images.left]);
});
afterAll(async () => {
  await registry.stop();
  await rm(work, { recursive: true, force: true });
});
beforeEach(async () => {
  place = imageHome();
  pulled = `${registry.host}/left:1`;
  await place.runtime.pullImage(pulled);
});

async function saveTo(file: string, names: string[], format?: ArchiveFormat): Promise<string> {
  const path = join(work, file);
  await pipeline(
    Readable.from(await place.runtime.saveImages(names, format)),
    createWriteStream(path),
  );
  return path;
}

async function unpacked(archive: string): Promise<string> {
  const directory = `${archive}.d`;
  await mkdir(directory);
  await execa('tar', ['-xf', archive, '-C', directory]);
  return directory;
}

interface Index {
  manifests: { digest: string; annotations?: Record<string, string> }[];
}
interface Entry {
  Config: string;
  RepoTags: string[] | null;
  Layers: string[];
}

async function readJson<T>(...path: string[]): Promise<T> {
  return JSON.parse(await readFile(join(...path), 'utf8')) as T;
}

function blobName(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

describe('an archive', () => {
  test('gives back every blob of a pulled image byte for byte', async () => {
    const directory = await unpacked(await saveTo('bytes.tar', [pulled]));
    const names = await readdir(join(directory, 'blobs/sha256'));
    expect(names.sort()).toEqual(
      blobsOf(images.left)
        .map(({ digest }) => digest.slice(7))
        .sort(),
    );
    for (const { digest, bytes } of blobsOf(images.left))
      expect(bytes.equals(await readFile(join(directory, blobName(digest))))).toBe(true);
    for (const name of names)
      expect(sha256(await readFile(join(directory, 'blobs/sha256', name)))).toBe(`sha256:${name}`);
  });

  test('is an OCI layout and a docker archive, as today’s Docker writes it', async () => {
    const directory = await unpacked(await saveTo('both.tar', [pulled]));
    expect(await readJson(directory, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(await readJson<Index>(directory, 'index.json')).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: images.left.manifest.mediaType,
          digest: images.left.manifest.digest,
          size: images.left.manifest.size,
          annotations: {
            'io.containerd.image.name': pulled,
            'org.opencontainers.image.ref.name': '1',
          },
        },
      ],
    });
    expect(await readJson<Entry[]>(directory, 'manifest.json')).toEqual([
      {
        Config: blobName(images.left.config.digest),
        RepoTags: [pulled],
        Layers: images.left.layers.map(({ digest }) => blobName(digest)),
      },
    ]);
  });

  test('in the format oci has no manifest.json', async () => {
    const directory = await unpacked(await saveTo('oci.tar', [pulled], 'oci'));
    expect((await readdir(directory)).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  test('is the same every time', async () => {
    const first = await readFile(await saveTo('first.tar', [pulled]));
    expect(first.equals(await readFile(await saveTo('second.tar', [pulled])))).toBe(true);
  });

  test('of several images has what they share once, and every name', async () => {
    await loadAs(place.runtime, images.right, 'docker.io/library/right:2', 'example.test/r:3');
    const names = [pulled, 'right:2', 'example.test/r:3'];
    const directory = await unpacked(await saveTo('several.tar', names));
    expect(await readdir(join(directory, 'blobs/sha256'))).toHaveLength(7);
    const entries = await readJson<Entry[]>(directory, 'manifest.json');
    expect(entries.map(({ RepoTags }) => RepoTags)).toEqual([
      [pulled],
      ['right:2', 'example.test/r:3'],
    ]);
    const { manifests } = await readJson<Index>(directory, 'index.json');
    expect(manifests.map((each) => each.annotations?.['io.containerd.image.name'])).toEqual([
      pulled,
      'docker.io/library/right:2',
      'example.test/r:3',
    ]);
  });

  test('by repository has all its tags, by id none', async () => {
    await loadAs(place.runtime, images.right, 'docker.io/library/app:1');
    await loadAs(place.runtime, images.alone, 'docker.io/library/app:2');
    const all = await unpacked(await saveTo('repository.tar', ['app']));
    expect((await readJson<Entry[]>(all, 'manifest.json')).map(({ RepoTags }) => RepoTags)).toEqual(
      [['app:1'], ['app:2']],
    );
    const id = images.alone.config.digest.slice(7, 19);
    const one = await unpacked(await saveTo('id.tar', [id]));
    expect((await readJson<Entry[]>(one, 'manifest.json')).map(({ RepoTags }) => RepoTags)).toEqual(
      [null],
    );
  });

  test('of a missing image fails before its first byte', async () => {
    await expect(place.runtime.saveImages([pulled, 'nothing'])).rejects.toMatchObject({
      code: 'image-not-found',
      message: 'No such image: nothing',
    });
  });

  test('does not carry on a byte that was flipped in the store', async () => {
    const layer = images.left.layers[1]?.digest ?? '';
    await using file = await open(blobPath(place.home, layer), 'r+');
    await file.write('x', 100);
    await expect(saveTo('flipped.tar', [pulled])).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining(layer) as string,
    });
  });

  test('names blobs whose digest is a sha512, which a plain tar header can not', async () => {
    const home = new Home(await mkdtemp(join(work, 'home-')));
    const layer = images.alone.layers[0]?.bytes ?? Buffer.alloc(0);
    const describe512 = async (bytes: Buffer, mediaType: string) => ({
      mediaType,
      digest: await writeBlob(home, bytes, 'sha512'),
      size: bytes.length,
    });
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: images.alone.manifest.mediaType,
        config: await describe512(images.alone.config.bytes, images.alone.config.mediaType),
        layers: [await describe512(layer, images.alone.layers[0]?.mediaType ?? '')],
      }),
    );
    const manifestDigest = await writeBlob(home, manifest, 'sha512');
    const file = join(work, 'sha512.tar');
    const archive = saveArchive(home, [{ manifestDigest, references: [] }], 'oci');
    await pipeline(Readable.from(archive), createWriteStream(file));
    const directory = await unpacked(file);
    const name = digestOf(layer, 'sha512').slice(7);
    expect(layer.equals(await readFile(join(directory, 'blobs/sha512', name)))).toBe(true);
  });
});

describe('a round trip', () => {
  test.each([
    ['plain', (file: string) => createReadStream(file)],
    ['gzipped', (file: string) => createReadStream(file).pipe(createGzip())],
  ])('through another home (%s) keeps names, ids and manifests', async (_how, read) => {
    await loadAs(place.runtime, images.right, 'docker.io/library/right:2', 'localhost/r:3');
    const file = await saveTo(`trip-${_how}.tar`, [pulled, 'right:2', 'r:3']);
    const other = openRuntime(temporaryHome());
    const loaded = await other.loadImages(read(file) as AsyncIterable<Buffer>);
    expect(loaded.map(({ references, id }) => [id, references])).toEqual([
      [images.left.config.digest, [pulled]],
      [images.right.config.digest, ['docker.io/library/right:2', 'localhost/r:3']],
    ]);
    const details = await other.inspectImage(pulled);
    expect(details?.manifestDigest).toBe(images.left.manifest.digest);
  });

  test('of an unpacked archive loads from its directory', async () => {
    const directory = await unpacked(await saveTo('directory.tar', [pulled]));
    const other = openRuntime(temporaryHome());
    expect(await other.loadImages(directory)).toEqual([
      { references: [pulled], id: images.left.config.digest, displaced: [] },
    ]);
  });

  test.each([
    ['docker-archive', () => pulled],
    ['oci-archive', () => '1'],
  ])('through skopeo’s %s gives the same configuration and content', async (transport, name) => {
    const file = await saveTo(`skopeo-${transport}.tar`, [pulled]);
    const target = join(work, `skopeo-${transport}`);
    await execa('skopeo', ['copy', `${transport}:${file}:${name()}`, `dir:${target}`]);
    const manifest = await readJson<{ config: { digest: string }; layers: { digest: string }[] }>(
      target,
      'manifest.json',
    );
    expect(manifest.config.digest).toBe(images.left.config.digest);
    // skopeo takes a docker-archive's layers for plain tars and unpacks them.
    const layers =
      transport === 'oci-archive'
        ? images.left.layers.map(({ digest }) => digest)
        : diffIdsOf(images.left);
    expect(manifest.layers.map(({ digest }) => digest)).toEqual(layers);
  });

  test('through umoci unpacks the files that went into the image', async () => {
    const layout = await unpacked(await saveTo('umoci.tar', [pulled]));
    const bundle = join(work, 'bundle');
    await execa('umoci', ['unpack', '--image', `${layout}:1`, bundle]);
    const content = async (name: string) => readFile(join(bundle, 'rootfs', name));
    expect((await content('base')).equals(longBytes(200_000))).toBe(true);
    expect((await content('left')).equals(longBytes(30_001))).toBe(true);
  });

  test('through podman gives the same image id', async () => {
    const file = await saveTo('podman.tar', [pulled]);
    const store = ['--root', join(work, 'podman'), '--runroot', join(work, 'podman-run')];
    const podman = (...args: string[]) =>
      execa('podman', [...store, '--storage-driver', 'vfs', ...args]);
    const { stdout } = await podman('load', '-i', file);
    expect(stdout).toContain(pulled);
    const inspected = await podman('image', 'inspect', '--format', '{{.Id}}', pulled);
    expect(inspected.stdout).toBe(images.left.config.digest.slice(7));
  });
});

describe('load', () => {
  let moved: TestImage;
  beforeAll(async () => {
    moved = await makeImage({ layers: [{ other: awkwardBytes() }] });
  });

  test('takes a name from the image that had it, and tells so', async () => {
    await loadAs(place.runtime, images.alone, 'example.test/a:1');
    const file = await saveTo('moved.tar', ['example.test/a:1']);
    await loadAs(place.runtime, moved, 'example.test/a:1');
    expect(await place.runtime.loadImages(file)).toMatchObject([
      { displaced: [{ reference: 'example.test/a:1', id: moved.config.digest }] },
    ]);
    expect((await place.runtime.listImages()).filter(({ reference }) => !reference)).toMatchObject([
      { id: moved.config.digest },
    ]);
  });

  test('tells how much of an archive was read', async () => {
    const file = await saveTo('read.tar', [pulled]);
    const seen: (number | undefined)[] = [];
    await place.runtime.loadImages(file, {
      onProgress: (event) => {
        if (event.type === 'reading') seen.push(event.bytes, event.total);
      },
    });
    const { length } = await readFile(file);
    expect(seen.slice(-2)).toEqual([length, length]);
  });

  test('that is cancelled says so and leaves nothing half-made', async () => {
    const file = await saveTo('cancel.tar', [pulled]);
    const stop = new AbortController();
    const loading = place.runtime.loadImages(file, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(loading).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(place.home.partial())).toEqual([]);
  });
});

test('the digest that an archive is told by is the one of its bytes', async () => {
  const hash = createHash('sha256');
  for await (const chunk of await place.runtime.saveImages([pulled])) hash.update(chunk);
  const again = createHash('sha256').update(await readFile(await saveTo('hash.tar', [pulled])));
  expect(hash.digest('hex')).toBe(again.digest('hex'));
});
