import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage, makeTar, type TestImage } from '../helpers/images.js';
import { imageHome, loadAs, makeImages, type TestImages } from '../helpers/stored-images.js';

let images: TestImages;
beforeAll(async () => {
  images = await makeImages();
});

const namesOf = async (runtime: ReturnType<typeof imageHome>['runtime']): Promise<string[]> =>
  (await runtime.listImages()).map(({ reference }) => reference ?? '<none>');

describe('an image is found', () => {
  test.each<[string, (image: TestImage) => string, boolean]>([
    ['its full name', () => 'docker.io/library/left:1', true],
    ['its short name', () => 'left:1', true],
    ['a name without its tag', () => 'left', false],
    ['its id', ({ config }) => config.digest, true],
    ['its id without the algorithm', ({ config }) => config.digest.slice(7), true],
    ['the beginning of its id', ({ config }) => config.digest.slice(7, 19), true],
    ['one digit of its id', ({ config }) => config.digest.slice(7, 8), true],
    [
      'the beginning of its id with the algorithm',
      ({ config }) => config.digest.slice(0, 19),
      true,
    ],
    [
      'the beginning of its manifest’s digest',
      ({ manifest }) => manifest.digest.slice(7, 19),
      true,
    ],
    ['a digest that it was not pulled at', ({ manifest }) => `left@${manifest.digest}`, false],
  ])('by %s: %j is %s', async (_what, nameOf, found) => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.left, 'docker.io/library/left:1');
    const details = await runtime.inspectImage(nameOf(images.left));
    expect(details?.id).toBe(found ? images.left.config.digest : undefined);
  });

  test('by what two ids begin with: not at all', async () => {
    const { runtime } = imageHome();
    const few = await Promise.all(
      Array.from({ length: 17 }, (_, n) => makeImage({ layers: [{ n: `${n}` }] })),
    );
    for (const image of few) await loadAs(runtime, image);
    const first = few.map(({ config }) => config.digest.charAt(7));
    const twice = first.find((digit, n) => first.indexOf(digit) !== n) ?? '';
    expect(await runtime.inspectImage(twice)).toBeUndefined();
  });

  test('by a name that is the beginning of another’s id: the name counts', async () => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.left);
    const prefix = images.left.config.digest.slice(7, 11);
    await loadAs(runtime, images.right, `docker.io/library/${prefix}:latest`);
    expect((await runtime.inspectImage(prefix))?.id).toBe(images.right.config.digest);
  });

  test('by the digest that it was pulled at, and told with it', async () => {
    const registry = await startFakeRegistry([images.left]);
    try {
      const { runtime } = imageHome();
      const name = `${registry.host}/left`;
      await runtime.pullImage(`${name}:1`);
      const pulled = `${name}@${images.left.manifest.digest}`;
      expect(await runtime.inspectImage(pulled)).toMatchObject({
        id: images.left.config.digest,
        repoDigests: [pulled],
        digest: images.left.manifest.digest,
      });
    } finally {
      await registry.stop();
    }
  });
});

describe('tag', () => {
  test.each([
    ['mine', 'localhost/mine:latest'],
    ['mine:2', 'localhost/mine:2'],
    ['team/mine', 'localhost/team/mine:latest'],
    ['example.test/mine', 'example.test/mine:latest'],
    ['docker.io/mine', 'docker.io/library/mine:latest'],
  ])('%s names the image %s', async (target, name) => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.left, 'docker.io/library/left:1');
    await runtime.tagImage('left:1', target);
    expect(await namesOf(runtime)).toEqual(['docker.io/library/left:1', name].sort());
    expect((await runtime.inspectImage(target))?.id).toBe(images.left.config.digest);
  });

  test('moves a name that is there, and leaves its image without one', async () => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.left, 'docker.io/library/app:1');
    await loadAs(runtime, images.right, 'docker.io/library/right:1');
    await runtime.tagImage('right:1', 'app:1');
    expect(await namesOf(runtime)).toEqual([
      'docker.io/library/app:1',
      'docker.io/library/right:1',
      '<none>',
    ]);
    expect((await runtime.inspectImage('app:1'))?.id).toBe(images.right.config.digest);
  });

  test('by an id names an image that had none', async () => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.left);
    await runtime.tagImage(images.left.config.digest.slice(7, 19), 'found');
    expect(await namesOf(runtime)).toEqual(['localhost/found:latest']);
  });

  test.each([
    ['nothing', 'mine', 'image-not-found'],
    ['left:1', 'Mine', 'invalid-reference'],
    ['left:1', `mine@sha256:${'ab'.repeat(32)}`, 'invalid-reference'],
    ['left:1', 'sha256:abc', 'invalid-reference'],
    ['left:1', 'sha256', 'invalid-reference'],
    ['left:1', `sha256:${'ab'.repeat(32)}`, 'invalid-reference'],
  ])('of %s as %s is refused', async (source, target, code) => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.left, 'docker.io/library/left:1');
    await expect(runtime.tagImage(source, target)).rejects.toMatchObject({ code });
    expect(await namesOf(runtime)).toEqual(['docker.io/library/left:1']);
  });
});

describe('an image under two manifests', () => {
  test('is one image: listed once without a name, deleted whole by its id', async () => {
    const { runtime, database } = imageHome();
    // The same configuration, its layer packed in two ways.
    const tar = await makeTar({ file: 'content\n' });
    const [zipped, plain] = await Promise.all([
      makeImage({ layers: [tar] }),
      makeImage({ layers: [tar], compression: 'none' }),
    ]);
    expect(zipped.config.digest).toBe(plain.config.digest);
    await loadAs(runtime, zipped, 'example.test/a:1');
    await loadAs(runtime, plain);
    expect(await namesOf(runtime)).toEqual(['example.test/a:1']);
    const { removals } = await runtime.removeImage(zipped.config.digest);
    expect(removals.filter((each) => 'deleted' in each)).toHaveLength(2);
    expect(database.images.all()).toEqual([]);
  });
});

test('an import as a digest is refused', async () => {
  const { runtime } = imageHome();
  for (const reference of ['sha256:abc', `mine@sha256:${'ab'.repeat(32)}`])
    await expect(runtime.importImage(Readable.from([]), { reference })).rejects.toMatchObject({
      code: 'invalid-reference',
    });
});

describe('the size', () => {
  test('of an image is that of its files, unpacked, and the sum of its history', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.left, 'example.test/left:1');
    const sizes = async (): Promise<unknown[]> => [
      (await runtime.listImages()).map(({ sizeBytes }) => sizeBytes),
      (await runtime.inspectImage('example.test/left:1'))?.sizeBytes,
      (await runtime.imageHistory('example.test/left:1')).map(({ sizeBytes }) => sizeBytes),
    ];
    const expected = [[230_001], 230_001, [30_001, 200_000]];
    expect(await sizes()).toEqual(expected);
    // Those that were laid out before the sum was kept have it counted.
    for (const layer of await readdir(home.layers())) {
      const path = join(home.layers(), layer, 'toc');
      const text = await readFile(path, 'latin1');
      await writeFile(path, text.replace(/,[0-9]+\]\n$/, ']\n'), 'latin1');
    }
    expect(await sizes()).toEqual(expected);
  });

  test('of a damaged image is what it was when it came', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.alone, 'example.test/alone:1');
    await rm(home.layers(), { recursive: true });
    const { manifest, config, layers } = images.alone;
    const packed = [manifest, config, ...layers].reduce((sum, { size }) => sum + size, 0);
    expect((await runtime.listImages()).map(({ sizeBytes }) => sizeBytes)).toEqual([packed]);
  });
});

describe('history', () => {
  test('of an import is its one layer with its message', async () => {
    const { runtime } = imageHome();
    const rootfs = await makeTar({ a: 'x'.repeat(5_000), b: 'y' });
    const id = await runtime.importImage(Readable.from([rootfs]), { message: 'by hand' });
    expect(await runtime.imageHistory(id)).toMatchObject([
      { id, comment: 'by hand', sizeBytes: 5_001, createdBy: '' },
    ]);
  });

  test('of an image that tells nothing has a line for each layer, the newest with the id', async () => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.left, 'example.test/left:1');
    const lines = await runtime.imageHistory('example.test/left:1');
    expect(lines.map(({ id, sizeBytes }) => [id, sizeBytes])).toEqual([
      [images.left.config.digest, 30_001],
      [undefined, 200_000],
    ]);
  });

  test('of a missing image is an error', async () => {
    await expect(imageHome().runtime.imageHistory('nothing')).rejects.toMatchObject({
      code: 'image-not-found',
    });
  });
});
