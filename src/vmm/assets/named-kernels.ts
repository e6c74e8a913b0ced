/**
 * Kernels that boxes name for themselves. Each has a manifest beside the one of set-up, called by the
 * identity of the file it was made of; what two of them have in common is there once.
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

/** Of the kernel that set-up has chosen. */
export const DEFAULT_MANIFEST = 'assets.json';

export function manifestOf(sourceKey: string): string {
  return `assets-${createHash('sha256').update(sourceKey).digest('hex').slice(0, 12)}.json`;
}

/** Of the kernels that are prepared besides set-up's, those that the next start would take as they are. */
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
 * A kernel that is here already, from another path or before its file was touched, takes the place of the
 * one just made.
 */
export async function sharedKernel(home: Home, made: KernelRecord): Promise<KernelRecord> {
  for (const name of await manifestNames(home)) {
    const other = (await readManifest(home, name))?.kernel;
    if (other === undefined || other.directory === made.directory) continue;
    if (kernelDigest(other) !== kernelDigest(made)) continue;
    if (other.loadable !== made.loadable) continue;
    // In use from now on: no process may remove it between this look and the manifest that names it.
    await touch(join(home.assets(), name));
    if (!(await usableKernel(home, other))) continue;
    await rm(join(home.assets(), made.directory), { recursive: true, force: true });
    return { ...made, directory: other.directory };
  }
  return made;
}

/**
 * Removes the kernels that neither a box has nor anybody has wanted for a day: one that was just prepared
 * may be about to be some box's.
 * @param needed `kernelDigest` of those that boxes have
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
  await utimes(path, now, now).catch(() => undefined); // gone: what it names is then looked for
}
