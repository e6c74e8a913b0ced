import { createHash } from 'node:crypto';
import { access, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from '../home.js';
import { decompress } from './decompress.js';
import { DATA_BLOCK, LayerDataWriter } from './layer-data.js';
import { toLayerEntry } from './layer-entry.js';
import { layerInvalid } from './layer-error.js';
import { renameUnlessThere, temporaryBeside } from './make-once.js';
import { TarReader, type TarEntry } from './tar-reader.js';
import { parseToc, type Toc, TocWriter } from './toc.js';

/** Bounds on what a small blob may blow up to. */
export interface LayerLimits {
  /** Bytes of the uncompressed tar, and of all contents with the holes of sparse files. */
  bytes: number;
  entries: number;
}

export const DEFAULT_LAYER_LIMITS: LayerLimits = { bytes: 64 * 2 ** 30, entries: 2_000_000 };

export interface StoredLayer {
  diffId: string;
  /** Bytes of the uncompressed tar. */
  size: number;
}

/**
 * Lays a layer out for the disk, in one pass and in bounded memory: decompress, hash, split into
 * `layers/<diffid>/data` (contents) and `layers/<diffid>/toc` (entries). The directory appears whole
 * or not at all; of two processes that make the same one, the first wins and both succeed.
 * @param source the layer's blob as it came: gzip or plain
 * @param expected.diffId `sha256:<hex>` of the uncompressed tar, from the image's config
 * @throws BoxliteError 'layer-invalid', 'image-corrupt' (another diffID), 'unsupported', 'no-space'
 */
export async function storeLayer(
  home: Home,
  source: AsyncIterable<Uint8Array>,
  expected: { diffId?: string },
  limits: LayerLimits = DEFAULT_LAYER_LIMITS,
): Promise<StoredLayer> {
  const temporary = temporaryBeside(join(home.layers(), 'layer'));
  try {
    await mkdir(temporary, { recursive: true });
    const layer = await unpack(temporary, source, limits);
    if (expected.diffId !== undefined && expected.diffId !== layer.diffId)
      throw new BoxliteError(
        'image-corrupt',
        `the layer's content is ${layer.diffId}, but the image says ${expected.diffId}`,
        { hint: 'pull the image again; if it stays so, the image itself is broken' },
      );
    await renameUnlessThere(temporary, layerDirectory(home, layer.diffId));
    return layer;
  } catch (error) {
    throw errnoOf(error) === undefined ? error : fileError(error, `write ${temporary}`);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

export async function hasLayer(home: Home, diffId: string): Promise<boolean> {
  try {
    await access(layerDirectory(home, diffId));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(error, `look at ${layerDirectory(home, diffId)}`);
  }
}

/** @throws BoxliteError 'image-corrupt' when the layer is missing or damaged. */
export async function readToc(home: Home, diffId: string): Promise<Toc> {
  const path = join(layerDirectory(home, diffId), 'toc');
  try {
    return parseToc(await readFile(path), path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `read ${path}`);
    throw new BoxliteError('image-corrupt', `layer ${diffId} is missing from the store`, {
      cause: error,
      hint: 'pull the image again',
    });
  }
}

export function layerDataPath(home: Home, diffId: string): string {
  return join(layerDirectory(home, diffId), 'data');
}

function layerDirectory(home: Home, diffId: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(diffId)?.[1];
  if (hex === undefined)
    throw new BoxliteError('unsupported', `the diffID ${JSON.stringify(diffId)} is not a sha256`);
  return join(home.layers(), hex);
}

async function unpack(
  directory: string,
  source: AsyncIterable<Uint8Array>,
  limits: LayerLimits,
): Promise<StoredLayer> {
  await using dataFile = await open(join(directory, 'data'), 'wx', 0o644);
  await using tocFile = await open(join(directory, 'toc'), 'wx', 0o644);
  const data = new LayerDataWriter(dataFile);
  const toc = new TocWriter(tocFile);
  const hash = createHash('sha256');
  const reader = new TarReader(sink(data, toc, limits));
  let size = 0;
  try {
    for await (const chunk of decompress(source)) {
      size += chunk.length;
      if (size > limits.bytes)
        throw layerInvalid('(archive)', `the layer unpacks to more than ${limits.bytes} bytes`);
      hash.update(chunk);
      reader.push(chunk);
      await data.drain();
      await toc.drain();
    }
    reader.end();
  } finally {
    // Also after a failure: no write may be under way when the file is closed.
    await data.finish();
  }
  await toc.finish(data.block);
  // A rename that outlives a crash must not name contents that did not.
  await Promise.all([dataFile.datasync(), tocFile.datasync()]);
  return { diffId: `sha256:${hash.digest('hex')}`, size };
}

/** Takes the reader's calls: entries to the table of contents, contents to the data. */
function sink(data: LayerDataWriter, toc: TocWriter, limits: LayerLimits) {
  return {
    entry(tar: TarEntry): void {
      const entry = toLayerEntry(tar, data.block);
      if (entry === undefined) return;
      if (toc.entries >= limits.entries)
        throw layerInvalid(tar.name, `the layer has more than ${limits.entries} entries`);
      if (data.block * DATA_BLOCK + tar.size > limits.bytes)
        throw layerInvalid(tar.name, `the layer unpacks to more than ${limits.bytes} bytes`);
      toc.add(entry);
    },
    data: (bytes: Buffer): void => data.append(bytes),
    hole: (bytes: number): void => data.hole(bytes),
    done: (): void => data.finishFile(),
  };
}
