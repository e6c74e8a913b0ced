/**
 * Kernels that boxes choose for themselves. Each has a manifest next to set-up's, named after the identity of
 * its source file; common files are stored once.
 */
import { createHash } from 'node:crypto';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import {
  type AssetsManifest,
  kernelDigest,
  type KernelRecord,
  readManifest,
} from './assets-manifest.js';
import { usableInitramfs } from './guest-initramfs.js';
import { usableKernel } from './guest-kernel.js';
import { GRACE_MS, isManifest, removeUnusedAssets } from './unused-assets.js';

/** The manifest of the kernel that set-up has chosen. */
export const DEFAULT_MANIFEST = 'assets.json';

export function manifestOf(sourceKey: string): string {
  return `assets-${createHash('sha256').update(sourceKey).digest('hex').slice(0, 12)}.json`;
}

/** Manifests of the kernels other than set-up's that the next start can use unchanged. */
export async function namedManifests(home: Home): Promise<AssetsManifest[]> {
  const found: AssetsManifest[] = [];
  for (const name of await manifestNames(home)) {
    if (name === DEFAULT_MANIFEST) continue;
    const manifest = await readManifest(home, name);
    if (manifest === undefined || !(await usableKernel(home, manifest.kernel))) continue;
    if (await usableInitramfs(home, manifest)) found.push(manifest);
  }
  return found;
}

/**
 * If the same kernel exists already, from another path or from before its file was touched, it replaces the
 * one just made.
 */
export async function sharedKernel(home: Home, made: KernelRecord): Promise<KernelRecord> {
  for (const name of await manifestNames(home)) {
    const other = (await readManifest(home, name))?.kernel;
    if (other === undefined || other.directory === made.directory) continue;
    if (kernelDigest(other) !== kernelDigest(made)) continue;
    // Otherwise it has other modules for boxes.
    if (other.loadable !== made.loadable || other.wantedSha256 !== made.wantedSha256) continue;
    // Mark it as used: no process may remove it before a manifest names it.
    await touch(join(home.assets(), name));
    if (!(await usableKernel(home, other))) continue;
    await rm(join(home.assets(), made.directory), { recursive: true, force: true });
    return { ...made, directory: other.directory };
  }
  return made;
}

/**
 * Removes the kernels that no box has and nobody has used for a day: one just prepared may be for a box that
 * does not exist yet.
 * @param needed `kernelDigest` of the kernels of boxes
 */
export async function removeUnusedKernels(home: Home, needed: ReadonlySet<string>): Promise<void> {
  for (const name of await manifestNames(home)) {
    if (name === DEFAULT_MANIFEST) continue;
    const path = join(home.assets(), name);
    const manifest = await readManifest(home, name);
    if (manifest !== undefined && needed.has(kernelDigest(manifest.kernel))) continue;
    const found = await stat(path).catch(() => undefined); // another process was quicker
    if (found !== undefined && Date.now() - found.mtimeMs > GRACE_MS)
      await rm(path, { force: true });
  }
  await removeUnusedAssets(home);
}

async function manifestNames(home: Home): Promise<string[]> {
  try {
    return (await readdir(home.assets())).filter(isManifest);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${home.assets()}`);
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined); // removed meanwhile: the caller checks the files it names
}
