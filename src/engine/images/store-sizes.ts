import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { allocatedBytes } from '../../image/store/store-files.js';

/** Bytes of the host's disk that the parts of a home take; holes take none. */
export interface StoreSizes {
  /** Blobs as they came: manifests, configurations, compressed layers. */
  blobs: number;
  /** Layers laid out for boxes. */
  layers: number;
  /** What joins layers to disks. */
  disks: number;
  boxes: number;
  templates: number;
  /** Guest kernel, its modules, the initramfs. */
  assets: number;
}

export function storeSizes(home: Home): StoreSizes {
  return {
    blobs: bytesOf(home.blobs('.')),
    layers: bytesOf(home.layers()),
    disks: bytesOf(home.disks()),
    boxes: bytesOf(home.boxes()),
    templates: bytesOf(home.templates()),
    assets: bytesOf(home.assets()),
  };
}

/** Anything may be removed while we look, and is then looked for no more: 0. */
export function bytesOf(path: string): number {
  try {
    return allocatedBytes(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw fileError(error, `look at ${path}`);
  }
}
