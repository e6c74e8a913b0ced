import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { create } from 'tar';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { readBlob } from '../../src/image/store/content-store.js';
import { readImage } from '../../src/image/store/image-record.js';
import { hasLayer } from '../../src/image/store/layer-store.js';
import { importRootfs } from '../../src/image/transfer/import.js';
import { loadArchive } from '../../src/image/transfer/load.js';
import { failure } from '../helpers/failure.js';
import {
  blobsOf,
  BUSYBOX,
  makeImage,
  makeIndex,
  makeTar,
  type TestImage,
  writeLayout,
} from '../helpers/images.js';

let work: string;
let home: Home;
let image: TestImage;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'boxlite load-'));
  image = await makeImage({ layers: [BUSYBOX, { 'etc/motd': 'hello\n' }] });
});
afterAll(() => rm(work, { recursive: true, force: true }));
beforeEach(async () => {
  home = new Home(await mkdtemp(join(work, 'home-')));
});

const REF_NAME = 'org.opencontainers.image.ref.name';

/** A layout of the image in a new directory. */
async function layout(annotations?: Record<string, string>, name = 'layout'): Promise<string> {
  const directory = join(await mkdtemp(join(work, 'in-')), name);
  const top =
    annotations === undefined ? { blob: image.manifest } : { blob: image.manifest, annotations };
  await writeLayout(directory, [top], blobsOf(image));
  return directory;
}

async function packed(directory: string, gzip = false): Promise<string> {
  const file = `${directory}.tar`;
  await create({ cwd: directory, file, gzip }, await readdir(directory));
  return file;
}

describe('an OCI layout', () => {
  test('loads from a directory, every blob byte for byte', async () => {
    const [loaded, ...others] = await loadArchive(home, await layout());
    expect(others).toEqual([]);
    expect(loaded?.references).toEqual([]);
    expect(loaded?.image.manifestDigest).toBe(image.manifest.digest);
    expect(await readImage(home, image.manifest.digest)).toEqual(loaded?.image);
    for (const { digest, bytes } of blobsOf(image))
      expect(bytes.equals(await readBlob(home, digest, 1 << 30))).toBe(true);
    for (const { diffId } of loaded?.image.layers ?? [])
      expect(await hasLayer(home, diffId)).toBe(true);
  });

  test.each([false, true])(
    'loads from a tar (gzip: %s) and leaves nothing behind',
    async (gzip) => {
      const [loaded] = await loadArchive(home, await packed(await layout(), gzip));
      expect(loaded?.image.configDigest).toBe(image.config.digest);
      expect(await readdir(home.partial())).toEqual([]);
    },
  );

  test('loads from a stream', async () => {
    const file = await packed(await layout({ [REF_NAME]: 'example.com/app:1' }));
    const [loaded] = await loadArchive(home, createReadStream(file) as AsyncIterable<Buffer>);
    expect(loaded?.references).toEqual(['example.com/app:1']);
  });

  test.each([
    [{ [REF_NAME]: 'quay.io/team/app:2' }, ['quay.io/team/app:2']],
    [{ [REF_NAME]: 'alpine:3.20' }, ['docker.io/library/alpine:3.20']],
    [{ [REF_NAME]: 'v1' }, ['localhost/my-app:v1']],
    [{ [REF_NAME]: 'v1', 'io.containerd.image.name': 'ghcr.io/a/b:c' }, ['ghcr.io/a/b:c']],
    [{ [REF_NAME]: 'no name at all' }, []],
    [{ [REF_NAME]: '../../x:y' }, []],
  ])('with the annotations %j is named %j', async (annotations, references) => {
    const [loaded] = await loadArchive(home, await layout(annotations, 'My App'));
    expect(loaded?.references).toEqual(references);
  });

  test('with an index gives the image for this machine', async () => {
    const architecture = process.arch === 'x64' ? 'arm64' : 'amd64';
    const foreign = await makeImage({ layers: [{ a: 'b' }], architecture });
    const index = makeIndex([foreign, image]);
    const directory = join(await mkdtemp(join(work, 'in-')), 'layout');
    // The other platform's blobs may be left out.
    await writeLayout(directory, [{ blob: index }], [index, ...blobsOf(image)]);
    const [loaded] = await loadArchive(home, directory);
    expect(loaded?.digest).toBe(index.digest);
    expect(loaded?.image.manifestDigest).toBe(image.manifest.digest);
  });

  test('gives the image for the platform asked for, or says that there is none', async () => {
    const architecture = process.arch === 'x64' ? 'arm64' : 'amd64';
    const foreign = await makeImage({ layers: [{ a: 'b' }], architecture });
    const index = makeIndex([foreign, image]);
    const directory = join(await mkdtemp(join(work, 'in-')), 'layout');
    const blobs = [index, ...blobsOf(image), ...blobsOf(foreign)];
    await writeLayout(directory, [{ blob: index }], blobs);
    const platform = { os: 'linux', architecture };
    const [loaded] = await loadArchive(home, directory, { platform });
    expect(loaded?.image.manifestDigest).toBe(foreign.manifest.digest);
    await expect(loadArchive(home, await layout(), { platform })).rejects.toMatchObject({
      code: 'image-not-found',
      message: expect.stringContaining(`, not linux/${architecture}`) as string,
    });
  });
});

describe('a docker archive', () => {
  test('made by another tool loads with its tag and its id', async () => {
    const file = join(work, 'saved.tar');
    await execa('skopeo', ['copy', `oci:${await layout()}`, `docker-archive:${file}:app:v2`]);
    const [loaded] = await loadArchive(home, file);
    expect(loaded?.references).toEqual(['docker.io/library/app:v2']);
    expect(loaded?.image.config.diffIds).toEqual(loaded?.image.layers.map(({ digest }) => digest));
    expect(await readImage(home, loaded?.image.manifestDigest ?? '')).toEqual(loaded?.image);
  });

  test('that is an OCI layout as well takes the tags that manifest.json has', async () => {
    const directory = await layout();
    const config = `blobs/sha256/${image.config.digest.slice(7)}`;
    const entry = { Config: config, RepoTags: ['app:1', 'example.com/app:2'], Layers: [] };
    await writeFile(join(directory, 'manifest.json'), JSON.stringify([entry]));
    const [loaded] = await loadArchive(home, await packed(directory));
    expect(loaded?.references).toEqual(['docker.io/library/app:1', 'example.com/app:2']);
  });

  test('with a layer linked to another file loads that file', async () => {
    const directory = await mkdtemp(join(work, 'docker-'));
    const tar = await makeTar({ a: 'b' });
    const one = await makeImage({ layers: [tar, tar], compression: 'none' });
    await mkdir(join(directory, 'x'));
    await mkdir(join(directory, 'y'));
    await writeFile(join(directory, 'x/layer.tar'), tar);
    await symlink('../x/layer.tar', join(directory, 'y/layer.tar'));
    const config = `${one.config.digest.slice(7)}.json`;
    await writeFile(join(directory, config), one.config.bytes);
    const entry = { Config: config, RepoTags: null, Layers: ['x/layer.tar', 'y/layer.tar'] };
    await writeFile(join(directory, 'manifest.json'), JSON.stringify([entry]));
    const [loaded] = await loadArchive(home, await packed(directory));
    expect(loaded?.references).toEqual([]);
    expect(loaded?.image.configDigest).toBe(one.config.digest);
  });
});

describe('a broken or hostile archive', () => {
  test('that does not exist is named', async () => {
    const error = await failure(loadArchive(home, join(work, 'nowhere')));
    expect(error.code).toBe('path-not-found');
    expect(error.message).toContain('no such file');
    expect(error.hint).toContain('check the path');
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['no tar', Buffer.from('this is a letter, not an archive\n'.repeat(100))],
    ['broken gzip', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])],
  ])('that is %s is refused', async (name, bytes) => {
    const file = join(work, `${name}.tar`);
    await writeFile(file, bytes);
    const error = await failure(loadArchive(home, file));
    expect(error.code).toBe('archive-invalid');
    expect(error.message).toContain(file);
    expect(await readdir(home.partial())).toEqual([]);
  });

  test('that is cut off is refused', async () => {
    const file = await packed(await layout());
    await truncate(file, 600_000);
    expect((await failure(loadArchive(home, file))).code).toBe('archive-invalid');
    const zipped = await packed(await layout(), true);
    await truncate(zipped, 300_000);
    expect((await failure(loadArchive(home, zipped))).code).toBe('archive-invalid');
  });

  test('that is some other tar is refused with advice', async () => {
    const file = join(work, 'other.tar');
    await writeFile(file, await makeTar(BUSYBOX));
    const error = await failure(loadArchive(home, file));
    expect(error.message).toContain('neither index.json nor manifest.json');
    expect(error.remedy).toEqual({ action: 'import' });
  });

  test('with a blob that is not what its digest says is refused', async () => {
    const directory = await layout();
    const { digest, size } = image.config;
    await writeFile(join(directory, 'blobs/sha256', digest.slice(7)), Buffer.alloc(size, 'x'));
    expect((await failure(loadArchive(home, directory))).code).toBe('image-corrupt');
  });

  test('that lacks a blob is refused with its digest', async () => {
    const directory = await layout();
    const digest = image.layers[1]?.digest ?? '';
    await rm(join(directory, 'blobs/sha256', digest.slice(7)));
    const error = await failure(loadArchive(home, directory));
    expect(error.code).toBe('archive-invalid');
    expect(error.message).toContain(digest);
  });

  test('with layers outside of itself does not reach them', async () => {
    const directory = await mkdtemp(join(work, 'hostile-'));
    await writeFile(join(work, 'secret'), 'secret');
    const one = await makeImage({ layers: [{ a: 'b' }] });
    await writeFile(join(directory, 'c.json'), one.config.bytes);
    const entry = { Config: 'c.json', RepoTags: ['a:b'], Layers: ['../secret'] };
    await writeFile(join(directory, 'manifest.json'), JSON.stringify([entry]));
    const error = await failure(loadArchive(home, directory));
    expect(error.code).toBe('archive-invalid');
    expect(error.message).toContain('lacks "../secret"');
  });

  test('with links in a circle is refused', async () => {
    const directory = await mkdtemp(join(work, 'hostile-'));
    await symlink('b', join(directory, 'a'));
    await symlink('a', join(directory, 'b'));
    const entry = { Config: 'a', RepoTags: ['a:b'], Layers: [] };
    await writeFile(join(directory, 'manifest.json'), JSON.stringify([entry]));
    const error = await failure(loadArchive(home, await packed(directory)));
    expect(error.message).toContain('lacks "a"');
  });

  test('with a pipe in place of a blob does not wait for it', async () => {
    const directory = await layout();
    const path = join(directory, 'blobs/sha256', image.config.digest.slice(7));
    await rm(path);
    await execa('mkfifo', [path]);
    expect((await failure(loadArchive(home, directory))).code).toBe('archive-invalid');
  });
});

describe('import', () => {
  async function* stream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 10_000) {
      await Promise.resolve();
      yield bytes.subarray(at, at + 10_000);
    }
  }

  test.each([false, true])('makes an image of a root tar (gzip: %s) as it is', async (gzip) => {
    const tar = await makeTar(BUSYBOX);
    const bytes = gzip ? gzipSync(tar) : tar;
    const stored = await importRootfs(home, stream(bytes), {
      reference: 'busybox',
      changes: ['CMD ["/bin/busybox", "sh"]', 'ENV A=1 B="2 3"'],
      message: 'made by hand',
    });
    expect(stored.layers).toHaveLength(1);
    const [layer] = stored.layers;
    expect(bytes.equals(await readBlob(home, layer?.digest ?? '', 1 << 30))).toBe(true);
    expect(layer?.mediaType).toMatch(gzip ? /\+gzip$/ : /tar$/);
    expect(await readImage(home, stored.manifestDigest)).toEqual(stored);
    expect(stored.config).toMatchObject({ env: ['A=1', 'B=2 3'], cmd: ['/bin/busybox', 'sh'] });
    expect(stored.config.history[0]?.comment).toBe('made by hand');
    expect(await readdir(home.partial())).toEqual([]);
  });

  test('gives the same image for the same input and time', async () => {
    const tar = await makeTar({ a: 'b' });
    const created = new Date(0);
    const first = await importRootfs(home, stream(tar), { created });
    const second = await importRootfs(home, stream(tar), { created });
    expect(second).toEqual(first);
  });

  test('reads from a pipe of another program', async () => {
    const directory = await mkdtemp(join(work, 'root-'));
    await writeFile(join(directory, 'hello'), 'hi');
    const tar = spawn('tar', ['-C', directory, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const stored = await importRootfs(home, tar.stdout as AsyncIterable<Buffer>);
    expect(await hasLayer(home, stored.layers[0]?.diffId ?? '')).toBe(true);
  });

  test('refuses what is no tar, and keeps nothing of it', async () => {
    const error = await failure(importRootfs(home, stream(Buffer.alloc(5000, 'no tar'))));
    expect(error.code).toBe('archive-invalid');
    expect(await readdir(home.partial())).toEqual([]);
  });

  test('refuses a malformed name before it reads a byte', async () => {
    const untouched = (async function* (): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      throw new Error('was read');
    })();
    const error = await failure(importRootfs(home, untouched, { reference: 'Bad Name' }));
    expect(error.code).toBe('invalid-reference');
  });
});
