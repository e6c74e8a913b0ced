import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { isDigest } from '../oci/digest.js';
import { blobPath } from './content-store.js';
import { layerDirectory } from './layer-store.js';

/** Parts of the store that can be deleted one by one. */
export interface StoreParts {
  /** Digests. */
  blobs: ReadonlySet<string>;
  /** DiffIDs of laid-out layers. */
  layers: ReadonlySet<string>;
  /** Hex digits of manifest digests: the names of the joined disks. */
  disks: ReadonlySet<string>;
}

export function diskName(manifestDigest: string): string {
  return manifestDigest.slice(manifestDigest.indexOf(':') + 1);
}

/** Everything in the store, whether anything needs it or not. */
export async function listParts(home: Home): Promise<StoreParts> {
  const blobs = new Set<string>();
  for (const algorithm of await namesIn(dirname(home.blobs('sha256'))))
    for (const hex of await namesIn(home.blobs(algorithm)))
      if (isDigest(`${algorithm}:${hex}`)) blobs.add(`${algorithm}:${hex}`);
  const layers = await namesIn(home.layers());
  const disks = await namesIn(home.disks());
  return {
    blobs,
    layers: new Set(layers.map((hex) => `sha${hex.length * 4}:${hex}`).filter(isDigest)),
    disks: new Set(disks.filter((name) => !name.startsWith('.'))),
  };
}

/** The paths of the parts that are not in `needed`. */
export function pathsWithout(home: Home, parts: StoreParts, needed: StoreParts): string[] {
  const without = (have: ReadonlySet<string>, keep: ReadonlySet<string>): string[] =>
    [...have].filter((name) => !keep.has(name));
  return [
    ...without(parts.blobs, needed.blobs).map((digest) => blobPath(home, digest)),
    ...without(parts.layers, needed.layers).map((diffId) => layerDirectory(home, diffId)),
    ...without(parts.disks, needed.disks).map((name) => join(home.disks(), name)),
  ];
}

/**
 * Takes files and directories out of the store at once, without waiting for the disk; ignores
 * missing ones.
 * @param trash trash directory to move them to; undefined = delete them now, as on a full disk
 * @returns the bytes they took on the disk
 */
export function takeAway(paths: readonly string[], trash: string | undefined): number {
  let bytes = 0;
  for (const [index, path] of paths.entries()) {
    try {
      const took = allocatedBytes(path);
      if (trash === undefined) rmSync(path, { recursive: true, force: true });
      else renameSync(path, join(trash, String(index)));
      bytes += took;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fileError(error, `remove ${path}`);
    }
  }
  return bytes;
}

/** Bytes that a file or directory takes on the disk, with everything in it; holes take none. */
export function allocatedBytes(path: string): number {
  const stats = lstatSync(path);
  const own = stats.blocks * 512;
  if (!stats.isDirectory()) return own;
  return readdirSync(path).reduce((sum, name) => sum + allocatedBytes(join(path, name)), own);
}

/** Empty for a missing directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${directory}`);
  }
}
