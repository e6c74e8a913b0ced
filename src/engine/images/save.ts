import { parseReference, storedNames } from '../../image/oci/reference.js';
import { readParts } from '../../image/store/image-parts.js';
import { type ArchiveFormat, type ImageToSave, saveArchive } from '../../image/transfer/save.js';
import type { Database } from '../../store/database.js';
import type { ImageReference } from '../../store/images.js';
import { noSuchImage } from './error.js';
import { findImage, repositoryOf } from './find.js';
import type { ImageStore } from './store.js';

/**
 * What to save: a name is saved with that name, an id without any, a repository with all its tags.
 * @throws BoxliteError `image-not-found`, `invalid-reference`
 */
export function imagesToSave(
  { database, registries }: ImageStore,
  names: readonly string[],
): ImageToSave[] {
  const images = new Map<string, Set<string>>();
  const add = (manifestDigest: string, references: readonly string[]): void => {
    const known = images.get(manifestDigest) ?? new Set();
    for (const reference of references) known.add(reference);
    images.set(manifestDigest, known);
  };
  for (const name of names) {
    const tags = tagsOf(database(), name, registries);
    for (const { manifestDigest, reference } of tags) add(manifestDigest, [reference]);
    if (tags.length > 0) continue;
    const found = findImage(database(), name, registries);
    if (found === undefined) throw noSuchImage(name);
    const reference = found.reference?.reference;
    add(found.image.manifestDigest, reference?.includes('@') === false ? [reference] : []);
  }
  return [...images].map(([manifestDigest, references]) => ({
    manifestDigest,
    references: [...references],
  }));
}

/** The archive's bytes. No process can delete the image's parts meanwhile. */
export async function* savedBytes(
  { home, database }: ImageStore,
  images: readonly ImageToSave[],
  format: ArchiveFormat,
): AsyncGenerator<Uint8Array> {
  using lease = database().leases.open();
  for (const { manifestDigest } of images)
    lease.keep((await readParts(home, manifestDigest))?.blobs ?? [manifestDigest]);
  yield* saveArchive(home, images, format);
}

/** All tags of a repository given without a tag, in the first registry that has the name. */
function tagsOf(database: Database, name: string, registries: readonly string[]): ImageReference[] {
  if (isDigits(name) || hasTagOrDigest(name)) return [];
  for (const stored of storedNames(name, registries)) {
    const wanted = repository(stored);
    const tags = database.images
      .list()
      .filter(({ reference }) => !reference.includes('@') && repository(reference) === wanted);
    if (tags.length > 0) return tags;
  }
  return [];
}

function isDigits(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

function hasTagOrDigest(name: string): boolean {
  return name.includes('@') || name.slice(name.lastIndexOf('/') + 1).includes(':');
}

function repository(reference: string): string {
  const { registry = '', repository: path } = parseReference(reference);
  return repositoryOf({ registry, repository: path });
}
