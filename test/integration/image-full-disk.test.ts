import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CommandContext } from '../../src/cli/process/context.js';
import { writeFileWhole } from '../../src/cli/process/write-file-whole.js';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { imageDisk } from '../../src/image/disk/image-disk.js';
import { readImage } from '../../src/image/store/image-record.js';
import { Database } from '../../src/store/database.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { blobsOf, makeImage, makeTar, type TestImage, writeLayout } from '../helpers/images.js';
import { SmallDisk } from '../helpers/small-disk.js';
import { diffIdsOf, listingOf, loadAs, storeListing } from '../helpers/stored-images.js';

let small: TestImage;
/** 3 MB that do not compress. */
let large: TestImage;
/** 1.6 MB that do not compress: there is room for them once, and not twice. */
let twice: TestImage;
/** A few KB that become 3 MB. */
let deep: TestImage;

beforeAll(async () => {
  small = await makeImage({ layers: [{ small: 'small\n' }] });
  large = await makeImage({ layers: [{ large: randomBytes(3_000_000) }] });
  twice = await makeImage({ layers: [{ large: randomBytes(1_600_000) }] });
  deep = await makeImage({ layers: [{ deep: Buffer.alloc(3_000_000, 'deep\n') }] });
});

const SMALL = 'example.test/small:1';
const OTHER = 'example.test/other:1';

/** A runtime on a disk of so many MiB that has a small image already. */
async function crampedRuntime(mib: number): Promise<{ disk: SmallDisk; runtime: BoxliteRuntime }> {
  const disk = await SmallDisk.make(mib);
  const runtime = new BoxliteRuntime({ homeDir: disk.home.root, accelerator: 'tcg' });
  onTestFinished(() => runtime.close());
  await loadAs(runtime, small, SMALL);
  return { disk, runtime };
}

const noSpaceIn = (path: string) => ({
  code: 'no-space',
  message: expect.stringContaining(path) as string,
  hint: expect.stringContaining('free some space') as string,
});

describe('on a full disk', () => {
  let layout: string;
  beforeAll(async () => {
    layout = await mkdtemp(join(tmpdir(), 'boxlite-large-'));
    const top = { blob: large.manifest, annotations: { 'io.containerd.image.name': OTHER } };
    await writeLayout(layout, [top], blobsOf(large));
  });
  afterAll(() => rm(layout, { recursive: true }));

  test('a load says so, leaves what was there, and works once there is space', async () => {
    const { disk, runtime } = await crampedRuntime(3);
    const { home } = disk;
    await expect(runtime.loadImages(layout)).rejects.toMatchObject(noSpaceIn(home.images()));
    expect(await runtime.listImages()).toMatchObject([{ reference: SMALL }]);
    await imageDisk(home, small.manifest.digest, diffIdsOf(small));
    expect((await storeListing(home)).layers).toEqual(listingOf(small).layers);

    await disk.resize(32);
    await runtime.loadImages(layout);
    await imageDisk(home, large.manifest.digest, diffIdsOf(large));
    expect(await storeListing(home)).toMatchObject({
      ...listingOf(small, large),
      disks: expect.any(Array) as string[],
    });
  });

  test('an archive that can not be spooled is told with its name, and nothing of it stays', async () => {
    const { disk, runtime } = await crampedRuntime(3);
    const archive = await makeTar({ 'index.json': '{}', big: randomBytes(4_000_000) });
    const loading = runtime.loadImages(Readable.from([archive]) as AsyncIterable<Buffer>);
    await expect(loading).rejects.toMatchObject(noSpaceIn('spool the archive'));
    expect(await storeListing(disk.home)).toEqual(listingOf(small));
  });

  test('a pull of what does not fit begins with nothing', async () => {
    const registry = await startFakeRegistry([large]);
    onTestFinished(() => registry.stop());
    const { disk, runtime } = await crampedRuntime(3);
    const pulling = runtime.pullImage(`${registry.host}/large:1`);
    await expect(pulling).rejects.toMatchObject(noSpaceIn(disk.home.images()));
    const { digest } = large.layers[0] ?? large.config;
    expect(registry.requests.filter(({ path }) => path.endsWith(digest))).toEqual([]);
  });

  test('a pull says so, and goes on where it was once there is space', async () => {
    const registry = await startFakeRegistry([twice]);
    onTestFinished(() => registry.stop());
    const { disk, runtime } = await crampedRuntime(3);
    const reference = `${registry.host}/twice:1`;
    await expect(runtime.pullImage(reference)).rejects.toMatchObject(noSpaceIn(disk.home.images()));
    expect(await runtime.listImages()).toMatchObject([{ reference: SMALL }]);

    await disk.resize(32);
    await runtime.pullImage(reference);
    expect(registry.requests.at(-1)?.range).toMatch(/^bytes=[1-9][0-9]*-$/);
    expect(await storeListing(disk.home)).toEqual(listingOf(small, twice));
  });

  test('a pull that failed there gives the space back to prune', async () => {
    const registry = await startFakeRegistry([twice]);
    onTestFinished(() => registry.stop());
    const { disk, runtime } = await crampedRuntime(3);
    await expect(runtime.pullImage(`${registry.host}/twice:1`)).rejects.toMatchObject({
      code: 'no-space',
    });
    expect((await runtime.pruneImages()).freedBytes).toBeGreaterThan(100_000);
    expect(await storeListing(disk.home)).toEqual(listingOf(small));
  });

  test('a layer that does not fit is told, and works once there is space', async () => {
    const registry = await startFakeRegistry([deep]);
    onTestFinished(() => registry.stop());
    const { disk, runtime } = await crampedRuntime(3);
    const reference = `${registry.host}/deep:1`;
    await expect(runtime.pullImage(reference)).rejects.toMatchObject(noSpaceIn(disk.home.images()));
    expect((await storeListing(disk.home)).layers).toEqual(listingOf(small).layers);

    await disk.resize(32);
    await runtime.pullImage(reference);
    await imageDisk(disk.home, deep.manifest.digest, diffIdsOf(deep));
  });

  test('an import says so and keeps nothing of it', async () => {
    const { disk, runtime } = await crampedRuntime(3);
    const rootfs = await makeTar({ big: randomBytes(4_000_000) });
    const importing = runtime.importImage(Readable.from([rootfs]), { reference: 'mine' });
    await expect(importing).rejects.toMatchObject(noSpaceIn(disk.home.images()));
    expect(await storeListing(disk.home)).toEqual(listingOf(small));
    expect(await runtime.listImages()).toHaveLength(1);
  });

  test('a box’s image that can not be joined is told, and works once there is space', async () => {
    const { disk } = await crampedRuntime(4);
    const giveBack = await disk.fill();
    const join = () => imageDisk(disk.home, small.manifest.digest, diffIdsOf(small));
    await expect(join()).rejects.toMatchObject(noSpaceIn(disk.home.disks()));
    await giveBack();
    await join();
  });

  test('a database that can not be written is named; what it held is there, and it works later', async () => {
    const { disk, runtime } = await crampedRuntime(4);
    const giveBack = await disk.fill();
    const failures: unknown[] = [];
    // What the journal has room for is still written.
    for (let number = 0; failures.length === 0 && number < 5_000; number++)
      await runtime.tagImage(SMALL, `localhost/tag:${number}`).catch((error: unknown) => {
        failures.push(error);
      });
    expect(failures).toMatchObject([noSpaceIn(disk.home.database())]);
    expect(await runtime.inspectImage(SMALL)).toMatchObject({ id: small.config.digest });
    await giveBack();
    await runtime.tagImage(SMALL, 'localhost/later:1');
    expect(await runtime.inspectImage('later:1')).toMatchObject({ id: small.config.digest });
  });

  test('a home can not be begun, and is whole once there is space', async () => {
    const disk = await SmallDisk.make(1);
    const giveBack = await disk.fill();
    expect(() => Database.open(disk.home)).toThrow(expect.objectContaining({ code: 'no-space' }));
    await giveBack();
    await disk.resize(4);
    using database = Database.open(disk.home);
    expect(database.images.all()).toEqual([]);
  });

  test('an image can still be removed, which makes space', async () => {
    const { disk, runtime } = await crampedRuntime(16);
    await loadAs(runtime, large, OTHER);
    await disk.fill();
    const { freedBytes } = await runtime.removeImage(OTHER);
    expect(freedBytes).toBeGreaterThan(5_000_000);
    expect(await storeListing(disk.home)).toEqual(listingOf(small));
    await readImage(disk.home, small.manifest.digest);
  });

  test('a saved archive does not appear half', async () => {
    const { disk, runtime } = await crampedRuntime(16);
    await loadAs(runtime, large, OTHER);
    await disk.fill(1024);
    const directory = disk.home.root;
    const before = await readdir(directory);
    const path = join(directory, 'saved.tar');
    const context = { signals: new EventEmitter() } as unknown as CommandContext;
    await expect(
      writeFileWhole(context, path, await runtime.saveImages([OTHER])),
    ).rejects.toMatchObject(noSpaceIn(path));
    expect(await readdir(directory)).toEqual(before);
  });
});

test('the disk of these tests is as small as it says', async () => {
  const disk = await SmallDisk.make(1);
  const path = join(disk.home.root, '..', 'file');
  await expect(writeFile(path, Buffer.alloc(2 ** 21))).rejects.toThrow('ENOSPC');
});
