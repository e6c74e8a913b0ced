import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { allocatedBytes } from '../../image/store/store-files.js';

/** Bytes of the host's disk that the parts of a home use, without holes. */
export interface StoreSizes {
  /** Blobs as received: manifests, configurations, compressed layers. */
  blobs: number;
  /** Layers prepared for boxes. */
  layers: number;
  /** The files that join layers into disks. */
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

/** Anything may be removed while we look; it counts as 0 then. */
export function bytesOf(path: string): number {
  try {
    return allocatedBytes(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw fileError(error, `look at ${path}`);
  }
}
