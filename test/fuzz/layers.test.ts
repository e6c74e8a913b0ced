import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Home } from '../../src/host/home.js';
import { readErofs } from '../helpers/erofs-reader.js';
import {
  joinDisk,
  mounted,
  nextDigest,
  readDisk,
  run,
  storeLayers,
  unpackLayers,
} from '../helpers/host-disk.js';
import { buildTreeLister, differences, listTree } from '../helpers/list-tree.js';
import { OF_UMOCI, randomLayers } from './random-layers.js';
import { FUZZ_TIMEOUT_MS, rounds, SECONDS } from './rounds.js';

let home: Home;
beforeAll(async () => {
  home = new Home(await mkdtemp(join(tmpdir(), 'boxlite-fuzz-')));
});
afterAll(() => rm(home.root, { recursive: true, force: true }));

it(
  'random layers make the tree that the specification describes, clean to fsck.erofs',
  async () => {
    let files = 0;
    await rounds(60, async (random) => {
      const { layers, expected } = randomLayers(random);
      const disk = await readDisk(home, nextDigest(), await storeLayers(home, layers));
      const seen = readErofs(disk);
      expect([...seen.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [path, file] of expected)
        expect(seen.get(path), JSON.stringify(path)).toMatchObject(file);
      const path = join(home.root, 'disk');
      // One block of what follows on the device, since fsck.erofs reads on behind the last inode.
      await writeFile(path, Buffer.concat([disk, Buffer.alloc(4096)]));
      await run('fsck.erofs', path);
      files += seen.size;
      for (const directory of [home.layers(), home.disks()])
        await rm(directory, { recursive: true, force: true });
    });
    // How many rounds fit into a time, the host decides.
    expect(files).toBeGreaterThan(SECONDS > 0 ? 0 : 500);
  },
  FUZZ_TIMEOUT_MS,
);

// Only root may mount, and make devices and owners.
it.runIf(process.getuid?.() === 0)(
  'random layers are seen by the kernel as umoci unpacks them',
  async () => {
    const lister = await buildTreeLister(home.root);
    const list = (root: string): Promise<string[]> => listTree(lister, root);
    await rounds(10, async (random) => {
      const work = await mkdtemp(join(home.root, 'round-'));
      const { layers } = randomLayers(random, OF_UMOCI);
      const disk = await joinDisk(home, work, await storeLayers(home, layers));
      const unpacked = await unpackLayers(work, layers);
      expect(differences(await mounted(disk, list), await list(unpacked))).toEqual([]);
      for (const directory of [work, home.layers(), home.disks()])
        await rm(directory, { recursive: true, force: true });
    });
  },
  FUZZ_TIMEOUT_MS,
);
