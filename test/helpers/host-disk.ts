import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Home } from '../../src/host/home.js';
import { imageDisk } from '../../src/image/disk/image-disk.js';
import { storeLayer } from '../../src/image/store/layer-store.js';

const PADDING_BYTES = 4096;
const execute = promisify(execFile);

export async function run(program: string, ...args: string[]): Promise<void> {
  await execute(program, args, { timeout: 300_000 });
}

/** @returns the layers' diffIDs */
export async function storeLayers(home: Home, layers: readonly Buffer[]): Promise<string[]> {
  const diffIds: string[] = [];
  for (const layer of layers)
    diffIds.push((await storeLayer(home, Readable.from([layer]), {})).diffId);
  return diffIds;
}

let images = 0;
/** A digest without a manifest, different for each image. */
export const nextDigest = (): string => `sha256:${String(++images).padStart(64, '0')}`;

/**
 * Writes the device's bytes and the first block of the padding to one sparse file in `directory`, for fsck
 * and a loop mount. fsck.erofs looks for attributes after the last inode even if it has none.
 */
export async function joinDisk(
  home: Home,
  directory: string,
  diffIds: readonly string[],
  digest = nextDigest(),
): Promise<string> {
  const { extents } = await imageDisk(home, digest, diffIds);
  const path = join(await mkdtemp(join(directory, 'joined-')), 'disk');
  await writeFile(path, '');
  let bytes = 0;
  for (const extent of extents.slice(0, -1)) {
    const to = [`of=${path}`, `seek=${bytes}`, 'oflag=seek_bytes', 'conv=sparse,notrunc'];
    await run('dd', `if=${extent.path}`, ...to, 'bs=256K', 'status=none');
    bytes += (await stat(extent.path)).size;
  }
  await truncate(path, bytes + PADDING_BYTES);
  return path;
}

/** The device's bytes without the padding, in memory: only for small images. */
export async function readDisk(
  home: Home,
  digest: string,
  diffIds: readonly string[],
): Promise<Buffer> {
  const { extents } = await imageDisk(home, digest, diffIds);
  return Buffer.concat(await Promise.all(extents.slice(0, -1).map(({ path }) => readFile(path))));
}

/** Mounts a disk with the kernel while `look` runs. */
export async function mounted<T>(disk: string, look: (at: string) => Promise<T>): Promise<T> {
  const at = `${disk}.mount`;
  await mkdir(at);
  await run('mount', '-t', 'erofs', '-o', 'loop,ro', disk, at);
  try {
    return await look(at);
  } finally {
    await run('umount', at);
  }
}

/** Unpacks the same layers with an independent tool; returns the directory of the root file system. */
export async function unpackLayers(directory: string, layers: readonly Buffer[]): Promise<string> {
  const at = await mkdtemp(join(directory, 'umoci-'));
  const layout = join(at, 'layout');
  await run('umoci', 'init', '--layout', layout);
  await run('umoci', 'new', '--image', `${layout}:t`);
  for (const [index, layer] of layers.entries()) {
    const path = join(at, `${index}.tar`);
    await writeFile(path, layer);
    await run('umoci', 'raw', 'add-layer', '--image', `${layout}:t`, path);
  }
  return unpackImage(directory, `${layout}:t`);
}

/** @param image `LAYOUT:TAG` */
export async function unpackImage(directory: string, image: string): Promise<string> {
  const bundle = join(await mkdtemp(join(directory, 'bundle-')), 'bundle');
  await run('umoci', 'unpack', '--image', image, bundle);
  return join(bundle, 'rootfs');
}
