import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { readParts } from '../../image/store/image-parts.js';
import { layerFileBytes } from '../../image/store/layer-store.js';
import type { ImageRecord } from '../../store/images.js';

/** Sizes of images as in Docker: the unpacked files of all layers, the sum of the image's history. */
export class ImageSizes {
  /** Sizes of layers, which images share. */
  readonly #layers = new Map<string, Promise<number>>();

  constructor(private readonly home: Home) {}

  /** For a damaged image, its compressed size, as pulled or loaded. */
  async sizeOf({ manifestDigest, size }: ImageRecord): Promise<number> {
    const parts = await readParts(this.home, manifestDigest);
    if (parts === undefined) return size;
    try {
      let sum = 0;
      for (const diffId of parts.diffIds) sum += await this.#layer(diffId);
      return sum;
    } catch (error) {
      if (error instanceof BoxliteError && error.code === 'image-corrupt') return size;
      throw error;
    }
  }

  #layer(diffId: string): Promise<number> {
    const known = this.#layers.get(diffId) ?? layerFileBytes(this.home, diffId);
    this.#layers.set(diffId, known);
    return known;
  }
}
