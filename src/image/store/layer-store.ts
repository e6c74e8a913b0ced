import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { renameUnlessThere, temporaryBeside } from '../../host/make-once.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { areSealed, seal } from '../../host/seal.js';
import { syncDirectory } from '../../host/sync-directory.js';
import { DATA_BLOCK, LayerDataWriter } from '../layer/data.js';
import { toLayerEntry } from '../layer/entry.js';
import {
  fileBytesOf,
  fileBytesOfFooter,
  FOOTER_BYTES,
  parseToc,
  type Toc,
  TocWriter,
} from '../layer/toc.js';
import { type DigestAlgorithm, parseDigest } from '../oci/digest.js';
import { decompress } from '../tar/decompress.js';
import { layerInvalid } from '../tar/layer-error.js';
import { type TarEntry, TarReader } from '../tar/reader.js';
import { dropDisksOf } from './disk-files.js';
import { DEFAULT_LAYER_LIMITS, type LayerLimits, overLimit } from './layer-limits.js';

/**
 * Names and attributes of a layer, which merging keeps in memory: twice what two million ordinary
 * entries take.
 */
const MAX_TOC_BYTES = 2 ** 29;

const LAYER_FILES = ['data', 'toc'];

export interface StoredLayer {
  diffId: string;
  /** Bytes of the uncompressed tar. */
  size: number;
}

/**
 * Lays a layer out for the disk, in one pass and in bounded memory: decompress, hash, split into
 * `layers/<diffid>/data` (contents) and `layers/<diffid>/toc` (entries). The directory appears
 * whole or not at all; of two processes that make the same one, the first wins and both succeed.
 * @param source the layer's blob as received: gzip, zstd or plain
 * @param expected.diffId of the uncompressed tar, from the image's config; without it, a sha256 is
 * computed
 * @param expected.onDiffId receives the diffID before the layer appears in the store
 * @throws BoxliteError 'layer-invalid', 'image-corrupt' (another diffID), 'unsupported', 'no-space'
 */
export async function storeLayer(
  home: Home,
  source: AsyncIterable<Uint8Array>,
  expected: { diffId?: string; onDiffId?: (diffId: string) => void },
  limits: LayerLimits = DEFAULT_LAYER_LIMITS,
): Promise<StoredLayer> {
  const temporary = temporaryBeside(join(home.layers(), 'layer'));
  try {
    makePrivateDirectory(temporary);
    const { diffId } = expected;
    const algorithm = diffId === undefined ? 'sha256' : parseDigest(diffId).algorithm;
    const layer = await unpack(temporary, source, algorithm, limits);
    if (expected.diffId !== undefined && expected.diffId !== layer.diffId)
      throw new BoxliteError(
        'image-corrupt',
        `the layer's content is ${layer.diffId}, but the image says ${expected.diffId}`,
        { hint: 'pull the image again; if it stays so, the image itself is broken' },
      );
    expected.onDiffId?.(layer.diffId);
    await putLayer(home, temporary, layer.diffId);
    return layer;
  } catch (error) {
    throw errnoOf(error) === undefined ? error : fileError(error, `write ${temporary}`);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Whether the layer is here as it was laid out; one touched since then counts as missing. */
export async function hasLayer(home: Home, diffId: string): Promise<boolean> {
  const directory = layerDirectory(home, diffId);
  try {
    return await areSealed(LAYER_FILES.map((name) => join(directory, name)));
  } catch (error) {
    throw fileError(error, `look at ${directory}`);
  }
}

/** Replaces a damaged layer, and what was computed from its table of contents. */
async function putLayer(home: Home, temporary: string, diffId: string): Promise<void> {
  const directory = layerDirectory(home, diffId);
  await syncDirectory(temporary);
  await renameUnlessThere(temporary, directory);
  await syncDirectory(home.layers());
  if (await hasLayer(home, diffId)) return;
  await dropDisksOf(home, diffId);
  for (const name of LAYER_FILES) await rename(join(temporary, name), join(directory, name));
  await syncDirectory(directory);
}

/** @throws BoxliteError 'image-corrupt' when the layer is missing or damaged. */
export async function readToc(home: Home, diffId: string): Promise<Toc> {
  const path = join(layerDirectory(home, diffId), 'toc');
  try {
    return parseToc(await readFile(path), path);
  } catch (error) {
    throw layerReadError(error, path, diffId);
  }
}

function layerReadError(error: unknown, path: string, diffId: string): unknown {
  if (errnoOf(error) !== 'ENOENT') return fileError(error, `read ${path}`);
  return new BoxliteError('image-corrupt', `layer ${diffId} is missing from the store`, {
    cause: error,
    hint: 'pull the image again',
  });
}

/**
 * Total size of a layer's files: the unpacked size, as Docker counts an image's.
 * @throws BoxliteError 'image-corrupt' when the layer is missing or damaged
 */
export async function layerFileBytes(home: Home, diffId: string): Promise<number> {
  const told = fileBytesOfFooter(await readFooter(home, diffId));
  if (told !== undefined) return told;
  const { entries } = await readToc(home, diffId);
  return entries.reduce((sum, entry) => sum + fileBytesOf(entry), 0);
}

async function readFooter(home: Home, diffId: string): Promise<Buffer> {
  const path = join(layerDirectory(home, diffId), 'toc');
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, FOOTER_BYTES));
    await file.read(tail, 0, tail.length, size - tail.length);
    return tail;
  } catch (error) {
    throw layerReadError(error, path, diffId);
  }
}

export function layerDataPath(home: Home, diffId: string): string {
  return join(layerDirectory(home, diffId), 'data');
}

/** A sha512's name can't be confused with a sha256's: it is longer. */
export function layerDirectory(home: Home, diffId: string): string {
  return join(home.layers(), parseDigest(diffId).hex);
}

async function unpack(
  directory: string,
  source: AsyncIterable<Uint8Array>,
  algorithm: DigestAlgorithm,
  limits: LayerLimits,
): Promise<StoredLayer> {
  await using dataFile = await open(join(directory, 'data'), 'wx', 0o600);
  await using tocFile = await open(join(directory, 'toc'), 'wx', 0o600);
  const data = new LayerDataWriter(dataFile);
  const toc = new TocWriter(tocFile);
  const hash = createHash(algorithm);
  const reader = new TarReader(sink(data, toc, limits));
  let size = 0;
  try {
    for await (const chunk of decompress(source)) {
      size += chunk.length;
      if (size > limits.bytes) throw overLimit('(archive)', 'bytes', limits);
      hash.update(chunk);
      reader.push(chunk);
      await data.drain();
      await toc.drain();
    }
    reader.end();
  } finally {
    // Also after a failure: no write may be pending when the file is closed.
    await data.finish();
  }
  await toc.finish(data.block);
  // A rename that survives a crash must not name contents that did not.
  await Promise.all([dataFile.datasync(), tocFile.datasync()]);
  await Promise.all([seal(dataFile), seal(tocFile)]);
  return { diffId: `${algorithm}:${hash.digest('hex')}`, size };
}

/** Receives the reader's calls: entries go to the table of contents, contents to the data. */
function sink(data: LayerDataWriter, toc: TocWriter, limits: LayerLimits) {
  // Markers are files in the archive too, and may have content.
  let isFile = false;
  return {
    entry(tar: TarEntry): void {
      const entry = toLayerEntry(tar, data.block);
      isFile = entry?.kind === 'file';
      if (entry === undefined) return;
      if (toc.entries >= limits.entries) throw overLimit(tar.name, 'entries', limits);
      if (isFile && data.block * DATA_BLOCK + tar.size > limits.bytes)
        throw overLimit(tar.name, 'bytes', limits);
      toc.add(entry);
      if (toc.bytes > MAX_TOC_BYTES)
        throw layerInvalid(
          tar.name,
          `names and attributes up to it are over ${MAX_TOC_BYTES} bytes`,
        );
    },
    data(bytes: Buffer): void {
      if (isFile) data.append(bytes);
    },
    hole(bytes: number): void {
      if (isFile) data.hole(bytes);
    },
    done(): void {
      if (isFile) data.finishFile();
    },
  };
}
