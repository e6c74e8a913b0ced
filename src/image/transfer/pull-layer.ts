import { createReadStream } from 'node:fs';
import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { blobPath, discardBlob, hasBlob, isIntact } from '../store/content-store.js';
import type { StoredImageLayer } from '../store/image-record.js';
import { type BlobOpener, ingestBlob } from '../store/ingest.js';
import { checkBlobSize, type LayerLimits } from '../store/layer-limits.js';
import { hasLayer, storeLayer } from '../store/layer-store.js';

/** The progress of a layer. `digest` is the blob's; `total` its bytes. */
export type LayerEvent = { type: 'layer'; digest: string } & (
  | { status: 'queued' | 'exists' | 'unpacking' | 'done' }
  /** Another process is downloading it. */
  | { status: 'waiting'; pid: number }
  | { status: 'downloading'; bytes: number; total: number }
);

export interface LayerOptions {
  onProgress?: (event: LayerEvent) => void;
  signal?: AbortSignal;
  /** Default: `DEFAULT_LAYER_LIMITS`. */
  limits?: LayerLimits;
}

/** Whether the layer is complete: its blob is here, and it is laid out. */
export async function isLayerHere(home: Home, layer: StoredImageLayer): Promise<boolean> {
  return (await hasLayer(home, layer.diffId)) && (await hasBlob(home, layer));
}

/**
 * Brings one layer into the store, both as a blob and laid out, in one pass over its bytes.
 * @returns whether any byte had to be fetched
 */
export async function bringLayer(
  home: Home,
  layer: StoredImageLayer,
  openFrom: BlobOpener,
  options: LayerOptions = {},
): Promise<boolean> {
  const { digest, diffId } = layer;
  const report = options.onProgress ?? (() => undefined);
  const unpacked = await hasLayer(home, diffId);
  if (unpacked && (await hasBlob(home, layer))) {
    report({ type: 'layer', digest, status: 'exists' });
    return false;
  }
  checkBlobSize(layer, options.limits);
  const fetchIt = (): Promise<'received' | 'present'> =>
    ingestBlob(home, layer, openFrom, {
      signal: options.signal,
      onWait: (pid) => report({ type: 'layer', digest, status: 'waiting', pid }),
      onBytes: (bytes) => {
        report({ type: 'layer', digest, status: 'downloading', bytes, total: layer.size });
        if (bytes === layer.size) report({ type: 'layer', digest, status: 'unpacking' });
      },
      consume: async (bytes) => {
        if (!unpacked) await layOut(home, bytes, layer, options.limits);
      },
    });
  let outcome = await fetchIt();
  if (outcome === 'present' && !(await hasLayer(home, diffId))) {
    report({ type: 'layer', digest, status: 'unpacking' });
    if (!(await unpackStored(home, layer, options.limits))) outcome = await fetchIt();
  }
  report({ type: 'layer', digest, status: 'done' });
  return outcome === 'received';
}

/**
 * Lays out a layer whose blob is already here.
 * @returns false when the stored blob is damaged; it is then removed
 */
async function unpackStored(
  home: Home,
  layer: StoredImageLayer,
  limits?: LayerLimits,
): Promise<boolean> {
  try {
    const bytes = createReadStream(blobPath(home, layer.digest)) as AsyncIterable<Buffer>;
    await layOut(home, bytes, layer, limits);
    return true;
  } catch (error) {
    const content =
      error instanceof BoxliteError &&
      (error.code === 'image-corrupt' || error.code === 'layer-invalid');
    // The layer's author may have made it bad, rather than our disk.
    if (!content || (await isIntact(home, layer.digest))) throw error;
    await discardBlob(home, layer.digest);
    return false;
  }
}

/** Adds the name of the blob to errors about a layer's content. */
async function layOut(
  home: Home,
  bytes: AsyncIterable<Uint8Array>,
  { digest, diffId }: StoredImageLayer,
  limits?: LayerLimits,
): Promise<void> {
  try {
    await storeLayer(home, bytes, { diffId }, limits);
  } catch (error) {
    const content =
      error instanceof BoxliteError &&
      (error.code === 'image-corrupt' || error.code === 'layer-invalid');
    if (!content) throw error;
    throw new BoxliteError(error.code, `layer ${digest}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
