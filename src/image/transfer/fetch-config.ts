import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { MAX_CONFIG_BYTES } from '../oci/image-config.js';
import { readBlob } from '../store/content-store.js';
import { type BlobOpener, ingestBlob } from '../store/ingest.js';

/**
 * Brings an image's config into the store.
 * @param what the image, for messages
 * @throws BoxliteError `image-corrupt`
 */
export async function fetchConfig(
  home: Home,
  config: { digest: string; size: number },
  openFrom: BlobOpener,
  what: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  if (config.size > MAX_CONFIG_BYTES)
    throw new BoxliteError(
      'image-corrupt',
      `the config of ${what} has ${config.size} bytes, more than the ${MAX_CONFIG_BYTES} we take`,
    );
  await ingestBlob(home, config, openFrom, signal === undefined ? {} : { signal });
  return readBlob(home, config.digest, MAX_CONFIG_BYTES);
}
