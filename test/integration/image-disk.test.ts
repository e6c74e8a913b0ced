import {
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home } from '../../src/host/home.js';
import { writeDirectoryDisk } from '../../src/image/disk/directory-disk.js';
import { DISK_BYTES } from '../../src/image/disk/disk-size.js';
import { imageDisk } from '../../src/image/disk/image-disk.js';
import { layerDataPath } from '../../src/image/store/layer-store.js';
import { readErofs } from '../helpers/erofs-reader.js';
import { joinDisk, nextDigest, run, storeLayers } from '../helpers/host-disk.js';
import { LAYER_CASES } from '../helpers/layer-cases.js';
import { tar } from '../helpers/tar-builder.js';

let directory: string;
let home: Home;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-disk-'));
  home = new Home(join(directory, 'home'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const storeAll = (layers: Buffer[]): Promise<string[]> => storeLayers(home, layers);

describe('imageDisk', () => {
  it('is exactly as long as every disk, padding at its end', async () => {
    const diffIds = await storeAll([tar({ name: 'a', content: 'a' }), tar(), tar({ name: 'b' })]);
    const { extents } = await imageDisk(home, nextDigest(), diffIds);
    expect(extents).toHaveLength(3);
    expect(extents.reduce((sum, { sectors }) => sum + sectors * 512, 0)).toBe(DISK_BYTES);
    expect(extents.at(-1)?.path).toBe(home.padding());
    for (const { path, sectors } of extents.slice(0, -1))
      expect((await stat(path)).size).toBe(sectors * 512);
    const padding = await stat(home.padding());
    expect([padding.size, padding.blocks]).toEqual([DISK_BYTES, 0]);
  });

  it('writes the same metadata for the same layers', async () => {
    const diffIds = await storeAll(LAYER_CASES['every kind of file and attribute'] ?? []);
    const digest = nextDigest();
    const first = await imageDisk(home, digest, diffIds);
    const before = await readFile(first.extents[0]?.path ?? '');
    await rm(join(home.disks(), digest.slice(7)), { recursive: true });
    await imageDisk(home, digest, diffIds);
    expect(before.equals(await readFile(first.extents[0]?.path ?? ''))).toBe(true);
  });

  it('gives a layer that is listed twice one place', async () => {
    const layer = tar({ name: 'a', content: 'a' });
    const diffIds = await storeAll([layer, tar({ name: '.wh.a' }), layer]);
    const { extents } = await imageDisk(home, nextDigest(), diffIds);
    expect(extents).toHaveLength(3);
    await run('fsck.erofs', await joinDisk(home, directory, diffIds));
  });

  it('makes one disk when four ask at once', async () => {
    const diffIds = await storeAll([tar({ name: 'four', content: 'a' })]);
    const digest = nextDigest();
    const disks = await Promise.all([1, 2, 3, 4].map(() => imageDisk(home, digest, diffIds)));
    for (const disk of disks) expect(disk).toEqual(disks[0]);
  });

  it('refuses a layer that is missing or has lost its end, and names it', async () => {
    const [diffId = ''] = await storeAll([tar({ name: 'cut', content: 'x'.repeat(9000) })]);
    const digest = nextDigest();
    await imageDisk(home, digest, [diffId]);
    await truncate(layerDataPath(home, diffId), 4096);
    await expect(imageDisk(home, digest, [diffId])).rejects.toMatchObject({
      code: 'image-corrupt',
      message: expect.stringContaining('it is 4096 bytes long instead of 12288') as string,
    });
    await rm(join(layerDataPath(home, diffId), '..'), { recursive: true });
    await expect(imageDisk(home, digest, [diffId])).rejects.toMatchObject({
      code: 'image-corrupt',
    });
    await expect(imageDisk(home, nextDigest(), [diffId])).rejects.toThrow(
      `layer ${diffId} is missing`,
    );
  });
});

describe('writeDirectoryDisk', () => {
  it('holds the files of a directory, of root, and is as long as every disk', async () => {
    const from = join(directory, 'from');
    await mkdir(join(from, 'é/deep'), { recursive: true });
    await writeFile(join(from, 'é/deep/large'), 'x'.repeat(10_000), { mode: 0o600 });
    await writeFile(join(from, 'é/empty'), '');
    await symlink('/', join(from, 'link'));
    const disk = join(directory, 'directory.erofs');
    await writeDirectoryDisk(from, disk);
    const { size, blocks } = await stat(disk);
    expect([size, blocks * 512 < 65_536]).toEqual([DISK_BYTES, true]);
    const superblock = Buffer.alloc(128);
    await using file = await open(disk);
    await file.read(superblock, 0, superblock.length, 1024);
    await truncate(disk, superblock.readUInt32LE(36) * 4096);
    await run('fsck.erofs', disk);
    const files = readErofs(await readFile(disk));
    expect(
      [...files].map(([path, { kind, mode, uid }]) => [utf8(path), kind, mode & 0o777, uid]),
    ).toEqual([
      ['', 'directory', 0o755, 0],
      ['é', 'directory', 0o755, 0],
      ['é/deep', 'directory', 0o755, 0],
      ['é/empty', 'file', 0o644, 0],
      ['é/deep/large', 'file', 0o644, 0],
    ]);
    expect(files.get(latin1('é/deep/large'))?.content).toBe('x'.repeat(10_000));
    await expect(writeDirectoryDisk(from, disk)).rejects.toThrow(disk);
  });
});

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString();
