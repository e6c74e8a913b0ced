import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { imageDisk } from '../../src/image/disk/image-disk.js';
import { blobPath } from '../../src/image/store/content-store.js';
import { failure } from '../helpers/failure.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { LEFT, makeBox, remove, RIGHT } from '../helpers/image-removals.js';
import {
  diffIdsOf,
  imageHome,
  listingOf,
  loadAs,
  makeImages,
  storeListing,
  type TestImages,
} from '../helpers/stored-images.js';
import { openRuntime } from '../helpers/tiny-runtime.js';

let images: TestImages;
beforeAll(async () => {
  images = await makeImages();
});

function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = [];
  for (const diffId of diffIds) {
    const below = chains.at(-1);
    const hash = createHash('sha256').update(`${below ?? ''} ${diffId}`);
    chains.push(below === undefined ? diffId : `sha256:${hash.digest('hex')}`);
  }
  return chains;
}

describe('an image', () => {
  test('goes with its one name, its layers from the top down, and leaves nothing', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.left, LEFT);
    const [base = '', top = ''] = chainIds(diffIdsOf(images.left));
    expect(await remove(runtime, 'example.test/left:1')).toEqual([
      `Untagged: ${LEFT}`,
      `Deleted: ${images.left.config.digest}`,
      `Deleted: ${top}`,
      `Deleted: ${base}`,
    ]);
    expect(await runtime.listImages()).toEqual([]);
    expect(await storeListing(home)).toEqual(listingOf());
  });

  test('with two names loses one, and goes with the other', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.alone, 'example.test/a:1', 'example.test/a:2');
    expect(await remove(runtime, 'example.test/a:1')).toEqual(['Untagged: example.test/a:1']);
    expect(await storeListing(home)).toEqual(listingOf(images.alone));
    expect(await remove(runtime, 'example.test/a:2')).toContain('Untagged: example.test/a:2');
    expect(await storeListing(home)).toEqual(listingOf());
  });

  test('takes nothing with it that another image shares', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.left, LEFT);
    await loadAs(runtime, images.right, RIGHT);
    const { removals, freedBytes } = await runtime.removeImage(LEFT);
    const [base = '', top = ''] = chainIds(diffIdsOf(images.left));
    expect(removals).toContainEqual({ deleted: top });
    expect(removals).not.toContainEqual({ deleted: base });
    expect(await storeListing(home)).toEqual(listingOf(images.right));
    expect(freedBytes).toBeGreaterThan(30_000);
    expect(freedBytes).toBeLessThan(200_000);
    await expect(
      imageDisk(home, images.right.manifest.digest, diffIdsOf(images.right)),
    ).resolves.toBeDefined();
  });

  test('that was pulled loses the digest it was pulled at with its last tag', async () => {
    const { home, runtime } = imageHome();
    const registry = await startFakeRegistry([images.alone]);
    try {
      const repository = `${registry.host}/alone`;
      await runtime.pullImage(`${repository}:1`);
      await runtime.pullImage(`${repository}:2`);
      const { digest } = images.alone.manifest;
      expect(await remove(runtime, `${repository}:1`)).toEqual([`Untagged: ${repository}:1`]);
      expect((await remove(runtime, `${repository}@${digest}`)).slice(0, 2)).toEqual([
        `Untagged: ${repository}:2`,
        `Untagged: ${repository}@${digest}`,
      ]);
      expect(await storeListing(home)).toEqual(listingOf());
    } finally {
      await registry.stop();
    }
  });

  test('is deleted with its one name when it is given by the beginning of its id', async () => {
    const { runtime } = imageHome();
    await loadAs(runtime, images.alone, 'example.test/a:1');
    const id = images.alone.config.digest;
    expect((await remove(runtime, id.slice(7, 19))).slice(0, 2)).toEqual([
      'Untagged: example.test/a:1',
      `Deleted: ${id}`,
    ]);
  });

  test('with several names is not deleted by its id unless by force', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.alone, 'example.test/a:1', 'example.test/b:1');
    const id = images.alone.config.digest;
    expect(await failure(runtime.removeImage(id))).toMatchObject({
      code: 'image-in-use',
      message: `conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    });
    expect(await runtime.listImages()).toHaveLength(2);
    expect((await remove(runtime, id, true)).slice(0, 3)).toEqual([
      'Untagged: example.test/a:1',
      'Untagged: example.test/b:1',
      `Deleted: ${id}`,
    ]);
    expect(await storeListing(home)).toEqual(listingOf());
  });

  test('without a name is deleted by its id', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.alone);
    const lines = await remove(runtime, images.alone.config.digest);
    expect(lines[0]).toBe(`Deleted: ${images.alone.config.digest}`);
    expect(await storeListing(home)).toEqual(listingOf());
  });

  test.each(['nothing', 'sha256:0123', 'example.test/left:2'])(
    'that is missing, as %s is, is named',
    async (name) => {
      const { runtime } = imageHome();
      await loadAs(runtime, images.left, LEFT);
      expect(await failure(runtime.removeImage(name))).toMatchObject({
        code: 'image-not-found',
        message: `No such image: ${name}`,
      });
    },
  );

  test('whose manifest is damaged can be removed, and prune deletes the rest of it', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.left, LEFT);
    await rm(blobPath(home, images.left.manifest.digest));
    expect(await remove(runtime, LEFT)).toEqual([
      `Untagged: ${LEFT}`,
      `Deleted: ${images.left.config.digest}`,
    ]);
    await runtime.pruneImages();
    expect(await storeListing(home)).toEqual(listingOf());
  });

  test('that is damaged keeps all that it might need from being deleted', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.left, LEFT);
    await loadAs(runtime, images.right, RIGHT);
    await rm(blobPath(home, images.left.manifest.digest));
    await runtime.removeImage(RIGHT);
    await runtime.pruneImages();
    const { layers } = listingOf(images.left, images.right);
    expect((await storeListing(home)).layers).toEqual(layers);
  });
});

describe('an image that a box was made of', () => {
  test('keeps its one name, and the error names the box', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT);
    const box = await makeBox(place, 'created');
    const id = images.left.config.digest.slice(7, 19);
    expect(await failure(place.runtime.removeImage(LEFT))).toMatchObject({
      code: 'image-in-use',
      message: `conflict: unable to remove repository reference "${LEFT}" (must force) - box web (${box.slice(0, 12)}) is using its referenced image ${id}`,
      hint: expect.stringContaining('-f') as string,
    });
    expect(await failure(place.runtime.removeImage(id))).toMatchObject({
      code: 'image-in-use',
      message: `conflict: unable to delete ${id} (must be forced) - image is being used by stopped box web (${box.slice(0, 12)})`,
    });
    expect(await storeListing(place.home)).toEqual(listingOf(images.left));
  });

  test('loses one of two names without force', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT, 'example.test/other:1');
    await makeBox(place, 'created');
    expect(await remove(place.runtime, 'example.test/other:1')).toEqual([
      'Untagged: example.test/other:1',
    ]);
  });

  test('goes by force; what the box boots from stays until the box is gone', async () => {
    const place = imageHome();
    const { home, runtime } = place;
    await loadAs(runtime, images.left, LEFT);
    await makeBox(place, 'created');
    const diffIds = diffIdsOf(images.left);
    const { extents } = await imageDisk(home, images.left.manifest.digest, diffIds);
    expect(await remove(runtime, LEFT, true)).toEqual([
      `Untagged: ${LEFT}`,
      `Deleted: ${images.left.config.digest}`,
    ]);
    expect(await runtime.listImages()).toEqual([]);
    await runtime.pruneImages({ all: true });
    expect(await imageDisk(home, images.left.manifest.digest, diffIds)).toEqual({ extents });
    expect((await storeListing(home)).layers).toEqual(listingOf(images.left).layers);
    await runtime.remove('web');
    expect(await storeListing(home)).toEqual(listingOf());
  });

  test('goes by force, and leaves to its box nothing that the box does not need', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT);
    await makeBox(place, 'created');
    await place.runtime.removeImage(LEFT, { force: true });
    const manifest = images.left.manifest.digest.slice(7);
    expect((await storeListing(place.home)).blobs).toEqual([manifest]);
  });

  test('that runs is not deleted by its id even by force', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT);
    const box = await makeBox(place, 'running');
    const id = images.left.config.digest.slice(7, 19);
    expect(await failure(place.runtime.removeImage(id, { force: true }))).toMatchObject({
      code: 'image-in-use',
      message: `conflict: unable to delete ${id} (cannot be forced) - image is being used by running box web (${box.slice(0, 12)})`,
    });
  });

  test('that runs loses its name by force and stays without one', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT);
    await makeBox(place, 'running');
    expect(await remove(place.runtime, LEFT, true)).toEqual([`Untagged: ${LEFT}`]);
    expect(await place.runtime.listImages()).toMatchObject([{ reference: undefined }]);
    expect(await storeListing(place.home)).toEqual(listingOf(images.left));
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'is removed or gets its box when both are tried at once, never both (%i steps apart)',
    async (steps) => {
      const { home, runtime } = imageHome();
      await loadAs(runtime, images.alone, 'example.test/a:1');
      const creating = runtime.create({ rootfs: { image: 'example.test/a:1' } }, 'late');
      for (let step = 0; step < steps; step++) await new Promise(setImmediate);
      const removing = openRuntime(home).removeImage('example.test/a:1');
      const [created, removed] = await Promise.allSettled([creating, removing]);
      expect(created.status).not.toBe(removed.status);
      const failed = [created, removed].find(({ status }) => status === 'rejected');
      expect(failed).toMatchObject({
        reason: { code: created.status === 'rejected' ? 'image-not-found' : 'image-in-use' },
      });
      const kept = created.status === 'fulfilled' ? [images.alone] : [];
      expect(await storeListing(home)).toEqual(listingOf(...kept));
    },
  );
});
