import { beforeAll, describe, expect, test } from 'vitest';
import { LEFT, makeBox, RIGHT } from '../helpers/image-removals.js';
import {
  imageHome,
  listingOf,
  loadAs,
  makeImages,
  storeListing,
  type TestImages,
} from '../helpers/stored-images.js';

let images: TestImages;
beforeAll(async () => {
  images = await makeImages();
});

describe('prune', () => {
  test('deletes images without a name alone', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.alone);
    await loadAs(runtime, images.left, LEFT);
    const { removals, freedBytes } = await runtime.pruneImages();
    expect(removals[0]).toEqual({ deleted: images.alone.config.digest });
    expect(freedBytes).toBeGreaterThan(50_000);
    expect(await storeListing(home)).toEqual(listingOf(images.left));
  });

  test('of all deletes those that no box was made of', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT);
    await loadAs(place.runtime, images.right, RIGHT);
    await loadAs(place.runtime, images.alone, 'example.test/a:1');
    await makeBox(place, 'created');
    await place.runtime.pruneImages({ all: true });
    expect(await storeListing(place.home)).toEqual(listingOf(images.left));
  });

  test('takes only what the filter says', async () => {
    const { home, runtime } = imageHome();
    await loadAs(runtime, images.left, LEFT);
    await loadAs(runtime, images.alone, 'example.test/a:1');
    await runtime.pruneImages({ all: true, matches: ({ labels }) => labels.name === 'alone' });
    expect(await storeListing(home)).toEqual(listingOf(images.left));
  });

  test('keeps a box’s image that has no name', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT);
    await makeBox(place, 'running');
    await place.runtime.removeImage(LEFT, { force: true });
    expect((await place.runtime.pruneImages({ all: true })).removals).toEqual([]);
    expect(await storeListing(place.home)).toEqual(listingOf(images.left));
  });

  test('leaves an image that gets a name while it is looked at', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left);
    const [dangling] = await place.runtime.listImages();
    expect(dangling?.reference).toBeUndefined();
    const meanwhile = ({ id }: { id: string }): boolean => {
      const [record] = place.database.images.withId(id);
      if (record) place.database.images.put({ ...record, reference: LEFT, indexDigest: null });
      return true;
    };
    expect((await place.runtime.pruneImages({ matches: meanwhile })).removals).toEqual([]);
    expect(await place.runtime.listImages()).toMatchObject([{ reference: LEFT }]);
    expect(await storeListing(place.home)).toEqual(listingOf(images.left));
  });
});

describe('disk usage', () => {
  test('counts what two images share once, and as reclaimable only what no box needs', async () => {
    const place = imageHome();
    await loadAs(place.runtime, images.left, LEFT);
    await loadAs(place.runtime, images.right, RIGHT);
    await makeBox(place, 'created');
    const usage = await place.runtime.diskUsage();
    const [left, right] = [LEFT, RIGHT].map((name) =>
      usage.images.find(({ references }) => references.includes(name)),
    );
    if (left === undefined || right === undefined) throw new Error('an image is missing');
    expect([left.boxes, right.boxes]).toEqual([1, 0]);
    expect(left.sharedBytes).toBe(right.sharedBytes);
    expect(left.sharedBytes).toBeGreaterThan(200_000);
    const unique = left.bytes + right.bytes - left.sharedBytes - right.sharedBytes;
    expect(usage.imageBytes).toBe(unique + left.sharedBytes);
    expect(usage.reclaimableImageBytes).toBe(right.bytes - right.sharedBytes);
    const { freedBytes } = await place.runtime.removeImage(RIGHT);
    expect(freedBytes).toBe(usage.reclaimableImageBytes);
  });
});
