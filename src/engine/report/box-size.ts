import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { layerDirectory } from '../../image/store/layer-store.js';
import { allocatedBytes } from '../../image/store/store-files.js';
import { specOf } from '../spec/stored-spec.js';

export interface BoxSize {
  /** Bytes of the host's disk that only the box uses. */
  writableBytes: number;
  /** The same plus its image, which other boxes may share. */
  rootBytes: number;
}

export function boxSize(home: Home, box: { id: string; options: unknown }): BoxSize {
  const writableBytes = bytesOf(home.box(box.id));
  const layers = new Set(specOf(box.options).diffIds);
  const image = [...layers].reduce((sum, id) => sum + bytesOf(layerDirectory(home, id)), 0);
  return { writableBytes, rootBytes: writableBytes + image };
}

/** Disk usage of a directory in bytes; 0 if it does not exist. */
export function bytesOf(path: string): number {
  try {
    return allocatedBytes(path);
  } catch (error) {
    // Anything may be removed while we look.
    if (errnoOf(error) === 'ENOENT') return 0;
    throw fileError(error, `look at ${path}`);
  }
}
