import { stat, statfs } from 'node:fs/promises';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { type BlobDescriptor, hasBlob } from './content-store.js';
import { partialPath } from './ingest.js';

/**
 * Refuses a download for which there can't be enough space: the announced sizes are known before it
 * starts, and a full disk disturbs running boxes. The unpacked size is not known yet.
 * @throws BoxliteError `no-space`
 */
export async function requireSpace(
  home: Home,
  blobs: readonly BlobDescriptor[],
  what: string,
): Promise<void> {
  const missing = await Promise.all(blobs.map((blob) => missingBytes(home, blob)));
  const wanted = missing.reduce((sum, bytes) => sum + bytes, 0);
  const { bfree, bsize } = await statfs(home.images()).catch((error: unknown) => {
    throw fileError(error, `look at ${home.images()}`);
  });
  if (wanted <= bfree * bsize) return;
  throw new BoxliteError(
    'no-space',
    `no space left on the host to fetch ${what}: ${wanted} bytes are missing of it, ` +
      `${home.images()} has room for ${bfree * bsize}`,
    { hint: 'free some space, or point BOXLITE_HOME at a larger disk' },
  );
}

/** Counts only the rest of a blob that an earlier attempt began. */
async function missingBytes(home: Home, blob: BlobDescriptor): Promise<number> {
  if (await hasBlob(home, blob)) return 0;
  try {
    return Math.max(0, blob.size - (await stat(partialPath(home, blob.digest))).size);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return blob.size;
    throw fileError(error, `look at ${partialPath(home, blob.digest)}`);
  }
}
