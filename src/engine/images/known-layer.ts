import { BoxliteError } from '../../errors.js';
import { readImage, type StoredImageLayer } from '../../image/store/image-record.js';
import type { ImageStore } from './store.js';

/** The layer with this diffID, from any stored image; damaged images are skipped. */
export async function knownLayer(
  { home, database }: ImageStore,
  diffId: string,
): Promise<StoredImageLayer | undefined> {
  for (const { manifestDigest } of database().images.all()) {
    try {
      const { layers } = await readImage(home, manifestDigest);
      const found = layers.find((layer) => layer.diffId === diffId);
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof BoxliteError) || error.code !== 'image-corrupt') throw error;
    }
  }
  return undefined;
}
