import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from '../home.js';
import { DISK_BYTES, makePadding } from './disk-size.js';
import { encodeErofs } from './erofs.js';
import { DATA_BLOCK } from './layer-data.js';
import { layerDataPath, readToc } from './layer-store.js';
import { makeDirectoryOnce } from './make-once.js';
import { mergeLayers } from './merge.js';
import type { LayerEntry } from './toc.js';
import type { Extent } from './vmdk.js';

const SECTOR = 512;
const METADATA_FILE = 'meta.erofs';
/** Blocks of the metadata and of each layer that has data: what the metadata's addresses rest on. */
const LENGTHS_FILE = 'lengths.json';

export interface ImageDisk {
  /** Joined end to end they are `DISK_BYTES` long. */
  extents: Extent[];
}

/**
 * The image as a block device: EROFS metadata, the data of its layers, padding. The metadata is made
 * once a manifest; the layers must be in the store.
 * @param manifestDigest `sha256:<hex>`; names the result and becomes its file system's UUID
 * @param diffIds the layers, lowest first
 * @throws BoxliteError 'layer-invalid' (the layers don't fit together), 'image-corrupt' (a stored file is
 * missing or has another length than it was made with), 'unsupported' (too large), 'no-space'
 */
export async function imageDisk(
  home: Home,
  manifestDigest: string,
  diffIds: readonly string[],
): Promise<ImageDisk> {
  const digestHex = hexOf(manifestDigest);
  const directory = join(home.disks(), digestHex);
  try {
    const lengths =
      (await readLengths(directory)) ?? (await makeMetadata(home, directory, digestHex, diffIds));
    return { extents: await toExtents(home, directory, diffIds, lengths) };
  } catch (error) {
    throw errnoOf(error) === undefined ? error : fileError(error, `make the disk ${directory}`);
  }
}

interface Lengths {
  metaBlocks: number;
  /** By diffID; a layer that the image lists twice has one place. */
  layerBlocks: Record<string, number>;
}

async function makeMetadata(
  home: Home,
  directory: string,
  digestHex: string,
  diffIds: readonly string[],
): Promise<Lengths> {
  const layers: LayerEntry[][] = [];
  const starts = new Map<string, number>();
  const layerBlocks: Record<string, number> = {};
  let dataBlocks = 0;
  for (const diffId of diffIds) {
    const { entries, blocks } = await readToc(home, diffId);
    layers.push(entries);
    if (starts.has(diffId)) continue;
    starts.set(diffId, dataBlocks);
    layerBlocks[diffId] = blocks;
    dataBlocks += blocks;
  }
  const metadata = encodeErofs(
    mergeLayers(layers),
    diffIds.map((diffId) => starts.get(diffId) ?? 0),
    dataBlocks,
    Buffer.from(digestHex, 'hex'),
  );
  const lengths = { metaBlocks: metadata.length / DATA_BLOCK, layerBlocks };
  await makeDirectoryOnce(directory, async (temporary) => {
    await writeDurably(join(temporary, METADATA_FILE), metadata);
    await writeDurably(join(temporary, LENGTHS_FILE), JSON.stringify(lengths));
  });
  return lengths;
}

async function writeDurably(path: string, content: Buffer | string): Promise<void> {
  await using file = await open(path, 'wx', 0o644);
  await file.writeFile(content);
  await file.datasync();
}

async function toExtents(
  home: Home,
  directory: string,
  diffIds: readonly string[],
  { metaBlocks, layerBlocks }: Lengths,
): Promise<Extent[]> {
  const parts = [{ path: join(directory, METADATA_FILE), blocks: metaBlocks }];
  for (const diffId of new Set(diffIds)) {
    const blocks = layerBlocks[diffId];
    if (blocks === undefined) throw corrupt(directory, `it was made without layer ${diffId}`);
    if (blocks > 0) parts.push({ path: layerDataPath(home, diffId), blocks });
  }
  await Promise.all(parts.map(({ path, blocks }) => checkLength(path, blocks * DATA_BLOCK)));
  await mkdir(home.images(), { recursive: true });
  await makePadding(home.padding());
  const extents = parts.map(({ path, blocks }) => ({
    path,
    sectors: blocks * (DATA_BLOCK / SECTOR),
  }));
  const used = extents.reduce((sum, { sectors }) => sum + sectors, 0);
  const left = DISK_BYTES / SECTOR - used;
  if (left <= 0) throw new BoxliteError('unsupported', `the image is over ${DISK_BYTES} bytes`);
  return [...extents, { path: home.padding(), sectors: left }];
}

async function checkLength(path: string, bytes: number): Promise<void> {
  try {
    const { size } = await stat(path);
    if (size !== bytes) throw corrupt(path, `it is ${size} bytes long instead of ${bytes}`);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw corrupt(path, 'it is missing', error);
    throw error;
  }
}

async function readLengths(directory: string): Promise<Lengths | undefined> {
  const path = join(directory, LENGTHS_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const lengths = parseLengths(text);
  if (lengths === undefined) throw corrupt(path, 'it does not parse');
  return lengths;
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

function hexOf(manifestDigest: string): string {
  const hex = /^[a-z0-9]+:([0-9a-f]{32,})$/.exec(manifestDigest)?.[1];
  if (hex === undefined)
    throw new BoxliteError(
      'invalid-argument',
      `${JSON.stringify(manifestDigest)} is not a manifest's digest`,
    );
  return hex;
}

function corrupt(path: string, what: string, cause?: unknown): BoxliteError {
  return new BoxliteError('image-corrupt', `${path} is damaged: ${what}`, {
    cause,
    hint: 'remove the image and pull it again',
  });
}
