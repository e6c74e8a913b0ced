import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { sha256 } from '../helpers/bytes.js';
import { imageHome, loadAs, makeImages, type TestImages } from '../helpers/stored-images.js';

let images: TestImages;
beforeAll(async () => {
  images = await makeImages();
});

/** A `docker save` archive of `right`, whose base is left out: its name in the list is empty. */
async function archive(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-left-out-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { config, layers } = images.right;
  const name = `${config.digest.slice(7)}.json`;
  await writeFile(join(directory, name), config.bytes);
  await writeFile(join(directory, 'top.tar'), gunzipSync(layers[1]?.bytes ?? ''));
  await writeFile(
    join(directory, 'manifest.json'),
    JSON.stringify([{ Config: name, RepoTags: ['right:1'], Layers: ['', 'top.tar'] }]),
  );
  return directory;
}

const baseDiffId = (): string =>
  `sha256:${sha256(gunzipSync(images.right.layers[0]?.bytes ?? ''))}`;

test('a layer that an archive leaves out is taken from an image that is here', async () => {
  const { runtime } = imageHome();
  await loadAs(runtime, images.left, 'example.test/left:1');
  const [loaded] = await runtime.loadImages(await archive());
  expect(loaded).toMatchObject({
    id: images.right.config.digest,
    references: ['docker.io/library/right:1'],
  });
  // Whole also without the image that it was taken from.
  await runtime.removeImage('example.test/left:1');
  expect((await runtime.imageHistory('right:1')).map(({ sizeBytes }) => sizeBytes)).toEqual([
    40_001, 200_000,
  ]);
});

test('one that is not here is named, and the image is not loaded', async () => {
  const { runtime } = imageHome();
  const path = await archive();
  await expect(runtime.loadImages(path)).rejects.toMatchObject({
    code: 'archive-invalid',
    message: `${path} leaves out layer ${baseDiffId()}, which is not here`,
  });
  expect(await runtime.listImages()).toEqual([]);
});
