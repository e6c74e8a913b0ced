import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { BoxliteError } from '../../errors.js';
import { Home } from '../../host/home.js';
import { seal } from '../../host/seal.js';
import { blobPath, blobSize, temporaryPath } from './content-store.js';
import { readImage } from './image-record.js';
import { layerDataPath, storeLayer } from './layer-store.js';

/**
 * Checks a layer's data that lost its seal (the home was copied without its times, or somebody
 * wrote to it): lays the layer's blob out once more, elsewhere, and compares. Reseals equal data.
 * Takes as long as laying out, so call it only for a file without its seal.
 * @returns whether the data matches the layer's blob; false also when the blob is missing or
 * damaged
 */
export async function proveLayer(
  home: Home,
  manifestDigest: string,
  diffId: string,
): Promise<boolean> {
  const scratch = temporaryPath(home);
  try {
    const digest = await blobOf(home, manifestDigest, diffId);
    if (digest === undefined) return false;
    await mkdir(scratch);
    const fresh = new Home(scratch);
    const bytes = createReadStream(blobPath(home, digest)) as AsyncIterable<Buffer>;
    await storeLayer(fresh, bytes, { diffId });
    const data = layerDataPath(home, diffId);
    if (!(await sameContent(layerDataPath(fresh, diffId), data))) return false;
    await seal(data);
    return true;
  } catch (error) {
    if (isAboutContent(error)) return false;
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function blobOf(
  home: Home,
  manifestDigest: string,
  diffId: string,
): Promise<string | undefined> {
  const { layers } = await readImage(home, manifestDigest);
  const digest = layers.find((layer) => layer.diffId === diffId)?.digest;
  return digest !== undefined && (await blobSize(home, digest)) !== undefined ? digest : undefined;
}

async function sameContent(left: string, right: string): Promise<boolean> {
  const others = chunksOf(right)[Symbol.asyncIterator]();
  try {
    for await (const chunk of chunksOf(left)) {
      const other = await others.next();
      if (other.done === true || !chunk.equals(other.value)) return false;
    }
    return (await others.next()).done === true;
  } finally {
    await others.return?.();
  }
}

/** Equal files yield equal chunks: a stream of a regular file fills each one. */
function chunksOf(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
}

function isAboutContent(error: unknown): boolean {
  return (
    error instanceof BoxliteError &&
    (error.code === 'image-corrupt' || error.code === 'layer-invalid')
  );
}
