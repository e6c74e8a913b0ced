import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { type Index, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.js';
import { isIndexType } from '../oci/media-types.js';
import { blobSize, readBlob } from './content-store.js';
import { readImage, type StoredImage } from './image-record.js';

/** The parts of an image in the store. */
export interface ImageParts {
  /** Digests of manifest, config and layers. */
  blobs: string[];
  /** DiffIDs of its layers, lowest first. */
  diffIds: string[];
}

export function partsOf(image: StoredImage): ImageParts {
  const layers = image.layers.map(({ digest }) => digest);
  return {
    blobs: [...new Set([image.manifestDigest, image.configDigest, ...layers])],
    diffIds: image.config.diffIds,
  };
}

/** @returns undefined when its manifest or its config is damaged: its parts are then unknown */
export async function readParts(
  home: Home,
  manifestDigest: string,
): Promise<ImageParts | undefined> {
  try {
    return partsOf(await readImage(home, manifestDigest));
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'image-corrupt') return undefined;
    throw error;
  }
}

/**
 * The stored indexes that lead from what a tag names to a manifest: an index may contain others. A
 * damaged one is included, but its content is unknown.
 */
export async function readIndexes(home: Home, digest: string): Promise<string[]> {
  const found = new Set<string>();
  const queue = [digest];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found.has(next) || (await blobSize(home, next)) === undefined) continue;
    found.add(next);
    const index = await readIndex(home, next);
    for (const entry of index?.entries ?? [])
      if (isIndexType(entry.mediaType)) queue.push(entry.digest);
  }
  return [...found];
}

async function readIndex(home: Home, digest: string): Promise<Index | undefined> {
  try {
    const bytes = await readBlob(home, digest, MAX_MANIFEST_BYTES);
    const document = parseManifest(bytes, undefined, `index ${digest}`);
    return document.kind === 'index' ? document : undefined;
  } catch (error) {
    if (error instanceof BoxliteError) return undefined;
    throw error;
  }
}
