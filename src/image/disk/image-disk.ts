import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { isSealed } from '../../host/seal.js';
import { encodeErofs } from '../erofs/erofs.js';
import { DATA_BLOCK } from '../layer/data.js';
import { LayerMerge } from '../layer/merge.js';
import { type Lengths, metadataPath, readLengths, writeDisk } from '../store/disk-files.js';
import { layerDataPath, readToc } from '../store/layer-store.js';
import { DISK_BYTES, makePadding } from './disk-size.js';
import type { Extent } from './vmdk.js';

const SECTOR = 512;

export interface ImageDisk {
  /** Joined end to end, they are `DISK_BYTES` long. */
  extents: Extent[];
}

/**
 * The image as a block device: EROFS metadata, the data of its layers, padding. The metadata is
 * made once per manifest; the layers must be in the store.
 * @param manifestDigest `sha256:<hex>`; names the result and becomes its file system's UUID
 * @param diffIds the layers, lowest first
 * @throws BoxliteError 'layer-invalid' (the layers don't fit together), 'image-corrupt' (a stored
 * file is missing or has changed since it was stored), 'unsupported' (too large), 'no-space'
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
    return { extents: await toExtents(home, directory, manifestDigest, diffIds, lengths) };
  } catch (error) {
    throw errnoOf(error) === undefined ? error : fileError(error, `make the disk ${directory}`);
  }
}

async function makeMetadata(
  home: Home,
  directory: string,
  digestHex: string,
  diffIds: readonly string[],
): Promise<Lengths> {
  const merge = new LayerMerge();
  const starts = new Map<string, number>();
  const layerBlocks: Record<string, number> = {};
  let dataBlocks = 0;
  for (const diffId of diffIds) {
    const { entries, blocks } = await readToc(home, diffId);
    merge.add(entries);
    if (starts.has(diffId)) continue;
    starts.set(diffId, dataBlocks);
    layerBlocks[diffId] = blocks;
    dataBlocks += blocks;
  }
  const metadata = encodeErofs(
    merge.root,
    diffIds.map((diffId) => starts.get(diffId) ?? 0),
    dataBlocks,
    Buffer.from(digestHex, 'hex'),
  );
  const lengths = { metaBlocks: metadata.length / DATA_BLOCK, layerBlocks };
  await writeDisk(directory, metadata, lengths);
  return lengths;
}

async function toExtents(
  home: Home,
  directory: string,
  manifestDigest: string,
  diffIds: readonly string[],
  { metaBlocks, layerBlocks }: Lengths,
): Promise<Extent[]> {
  const parts = [{ path: metadataPath(directory), blocks: metaBlocks }];
  const checks: Promise<void>[] = [];
  for (const diffId of new Set(diffIds)) {
    const blocks = layerBlocks[diffId];
    if (blocks === undefined) throw corrupt(directory, `it was made without layer ${diffId}`);
    if (blocks === 0) continue;
    parts.push({ path: layerDataPath(home, diffId), blocks });
    checks.push(checkLayer(home, manifestDigest, diffId, blocks * DATA_BLOCK));
  }
  await Promise.all(checks);
  makePrivateDirectory(home.images());
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

/** One `stat`, unless the file lost its seal: a box never boots from unverified data. */
async function checkLayer(
  home: Home,
  manifestDigest: string,
  diffId: string,
  bytes: number,
): Promise<void> {
  const path = layerDataPath(home, diffId);
  try {
    const stats = await stat(path);
    if (stats.size !== bytes)
      throw corrupt(path, `it is ${stats.size} bytes long instead of ${bytes}`);
    if (isSealed(stats)) return;
    const { proveLayer } = await import('../store/prove-layer.js');
    if (await proveLayer(home, manifestDigest, diffId)) return;
    throw corrupt(path, 'it was changed after it was stored');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw corrupt(path, 'it is missing', error);
    throw error;
  }
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
    hint: 'pull, load or import the image again; that puts the damaged file right',
  });
}
