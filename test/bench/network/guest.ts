import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Assets } from '../../../src/vmm/assets/assets.js';
import { MODULE_LIST, MODULES } from '../../../src/vmm/assets/guest-kernel.js';
import { initramfs } from '../../../src/vmm/guest/initramfs.js';

/** Of those that boxes have. */
const NETWORK = ['virtio', 'virtio_ring', 'virtio_mmio', 'failover', 'net_failover', 'virtio_net'];

/** Packs a guest that does nothing but measure, and returns its initramfs. */
export async function packGuest(
  directory: string,
  assets: Assets,
  program: string,
): Promise<string> {
  const modules = join(dirname(assets.kernel), MODULES);
  const list = await readFile(join(modules, MODULE_LIST), 'utf8');
  const names = list.split('\n').filter((name) => NETWORK.includes(name));
  const wanted = names.map(async (name) => ({
    name,
    data: await readFile(join(modules, `${name}.ko`)),
  }));
  const path = join(directory, 'guest.cpio');
  await writeFile(path, initramfs(await readFile(program), await Promise.all(wanted)));
  return path;
}
