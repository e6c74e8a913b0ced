import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makeDirectoryOnce, temporaryBeside } from '../../host/make-once.js';
import { areSealed, writeSealed } from '../../host/seal.js';

const METADATA_FILE = 'meta.erofs';
const LENGTHS_FILE = 'lengths.json';

/** The lengths, in 4096-byte blocks, that a disk's metadata depends on. */
export interface Lengths {
  metaBlocks: number;
  /** Length of each layer's data, by diffID; a layer that the image lists twice is stored once. */
  layerBlocks: Record<string, number>;
}

export function metadataPath(directory: string): string {
  return join(directory, METADATA_FILE);
}

/**
 * Reads the lengths in a disk's directory.
 * @returns undefined when it is missing or was touched since it was built: it is then rebuilt from
 * the layers' tables of contents
 */
export async function readLengths(directory: string): Promise<Lengths | undefined> {
  const path = join(directory, LENGTHS_FILE);
  if (!(await areSealed([path, metadataPath(directory)]))) return undefined;
  return parseLengths(await readFile(path, 'utf8'));
}

/** Writes a disk's directory, which appears whole; replaces a damaged one file by file. */
export async function writeDisk(
  directory: string,
  metadata: Uint8Array,
  lengths: Lengths,
): Promise<void> {
  await makeDirectoryOnce(directory, async (temporary) => {
    await writeSealed(join(temporary, METADATA_FILE), metadata);
    await writeSealed(join(temporary, LENGTHS_FILE), JSON.stringify(lengths));
  });
  if ((await readLengths(directory)) !== undefined) return;
  await replaceFile(metadataPath(directory), metadata);
  await replaceFile(join(directory, LENGTHS_FILE), JSON.stringify(lengths));
}

/** Removes the disks whose metadata was computed from this layer. */
export async function dropDisksOf(home: Home, diffId: string): Promise<void> {
  for (const name of await namesIn(home.disks())) {
    const directory = join(home.disks(), name);
    const lengths = await readLengths(directory);
    if (lengths === undefined || Object.hasOwn(lengths.layerBlocks, diffId))
      await rm(directory, { recursive: true, force: true });
  }
}

async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await writeSealed(temporary, content);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Skips what another process is still creating. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function parseLengths(text: string): Lengths | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { metaBlocks, layerBlocks } = value as Record<string, unknown>;
  if (typeof metaBlocks !== 'number' || typeof layerBlocks !== 'object' || layerBlocks === null)
    return undefined;
  const numbers: Record<string, number> = {};
  for (const [diffId, blocks] of Object.entries(layerBlocks)) {
    if (typeof blocks !== 'number') return undefined;
    numbers[diffId] = blocks;
  }
  return { metaBlocks, layerBlocks: numbers };
}
