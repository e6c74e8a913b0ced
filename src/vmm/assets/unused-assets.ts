import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../../host/home.js';
import { readManifest } from './assets-manifest.js';

export const TEMPORARY_PREFIX = '.new-';

/** A path for a file that is being made; one that a killed process leaves there is removed later. */
export const newAsset = (home: Home): string =>
  join(home.assets(), `${TEMPORARY_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);

/** A starting VM may still open files that the manifest no longer names. */
export const GRACE_MS = 24 * 60 * 60 * 1000;

export const isManifest = (name: string): boolean => /^assets.*\.json$/.test(name);

/** Removes kernels and initramfs that no manifest names, and what a killed set-up left behind. */
export async function removeUnusedAssets(home: Home): Promise<void> {
  const names = await readdir(home.assets());
  const used = new Set<string>();
  for (const name of names.filter(isManifest)) {
    const manifest = await readManifest(home, name);
    if (manifest !== undefined) used.add(manifest.kernel.directory).add(manifest.initramfs.file);
  }
  for (const name of names) {
    if (used.has(name) || !/^(kernel-|initramfs-|\.new-)/.test(name)) continue;
    const path = join(home.assets(), name);
    const found = await stat(path).catch(() => undefined); // another process was quicker
    if (found !== undefined && Date.now() - found.mtimeMs > GRACE_MS)
      await rm(path, { recursive: true, force: true });
  }
}
