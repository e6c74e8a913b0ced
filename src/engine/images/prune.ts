import { BoxliteError } from '../../errors.js';
import { readImage } from '../../image/store/image-record.js';
import { clearLeftovers } from '../../image/store/leftovers.js';
import { listParts } from '../../image/store/store-files.js';
import { type ImageRemoval, type RemovedImage, removeUnused } from './removal.js';
import type { ImageStore } from './store.js';
import { sweepParts } from './sweep.js';

/** What `matches` may check about an image before it is pruned. */
export interface PruneCandidate {
  id: string;
  createdAt: Date;
  labels: Readonly<Record<string, string>>;
}

export interface PruneOptions {
  /** Also delete images with names that no box uses; default false. */
  all?: boolean;
  /** Only images for which it returns true. */
  matches?: (image: PruneCandidate) => boolean;
}

/**
 * Deletes the images without a name, or all that no box uses, and unneeded files of the store: parts of
 * removed images, partial downloads, leftovers of killed processes.
 */
export async function pruneImages(
  store: ImageStore,
  { all = false, matches = () => true }: PruneOptions,
): Promise<RemovedImage> {
  const { home, database } = store;
  const removals: ImageRemoval[] = [];
  let freedBytes = 0;
  const ids = new Set(
    database()
      .images.all()
      .map(({ imageId }) => imageId),
  );
  for (const imageId of ids) {
    const named = database().images.referencesOfId(imageId).length > 0;
    if ((named && !all) || !(await isWanted(store, imageId, matches))) continue;
    const removed = await removeUnused(store, imageId, { named: all });
    removals.push(...(removed?.removals ?? []));
    freedBytes += removed?.freedBytes ?? 0;
  }
  freedBytes += await sweepParts(store, await listParts(home));
  freedBytes += await clearLeftovers(
    home,
    database().write(() => database().leases.kept()),
  );
  return { removals, freedBytes };
}

/** An image with a damaged configuration has no labels to match. */
async function isWanted(
  { home, database }: ImageStore,
  imageId: string,
  matches: (image: PruneCandidate) => boolean,
): Promise<boolean> {
  const [record] = database().images.withId(imageId);
  if (record === undefined) return false;
  let labels: Readonly<Record<string, string>> = {};
  try {
    labels = (await readImage(home, record.manifestDigest)).config.labels;
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code !== 'image-corrupt') throw error;
  }
  return matches({ id: imageId, createdAt: new Date(record.createdAt), labels });
}
