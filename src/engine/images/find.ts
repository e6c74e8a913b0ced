import {
  candidates,
  canonicalName,
  parseReference,
  storedNames,
} from '../../image/oci/reference.js';
import type { Database } from '../../store/database.js';
import type { ImageRecord, ImageReference } from '../../store/images.js';

export interface FoundImage {
  image: ImageRecord;
  /** The stored name that matched; undefined when the image was given by its id. */
  reference: ImageReference | undefined;
}

/**
 * The image that a text refers to, in Docker's order: a full id; a name, possibly with the digest that it was
 * pulled at; an unambiguous prefix of an id.
 * @param preferred the image to choose if a short name matches several registries; the first one by default
 * @throws BoxliteError `invalid-reference`
 */
export function findImage(
  database: Database,
  text: string,
  registries: readonly string[],
  preferred: (image: ImageRecord) => boolean = () => true,
): FoundImage | undefined {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(text)) return byId(database, text);
  const named = storedNames(text, registries).flatMap((name) => database.images.get(name) ?? []);
  const reference = named.find(preferred) ?? named[0];
  if (reference !== undefined) return { image: reference, reference };
  const pulled = byDigest(database, text, registries);
  if (pulled !== undefined) return { image: pulled, reference: pulled };
  return /^(?:sha256:)?[0-9a-f]{1,64}$/.test(text) ? byId(database, text) : undefined;
}

function byId(database: Database, prefix: string): FoundImage | undefined {
  const found = database.images.findImages(prefix);
  const [image] = found;
  if (image === undefined || found.some(({ imageId }) => imageId !== image.imageId))
    return undefined;
  return { image, reference: undefined };
}

/** `alpine@sha256:…` matches an image that any tag of that repository was pulled as. */
function byDigest(
  database: Database,
  text: string,
  registries: readonly string[],
): ImageReference | undefined {
  const parsed = parseReference(text);
  if (parsed.digest === undefined) return undefined;
  const repositories = new Set(candidates(parsed, registries).map(repositoryOf));
  return database.images.list().find((reference) => {
    const { registry = '', repository } = parseReference(reference.reference);
    const digests = [reference.indexDigest, reference.indexDigest && reference.manifestDigest];
    return (
      digests.includes(parsed.digest ?? null) &&
      repositories.has(repositoryOf({ registry, repository }))
    );
  });
}

export function repositoryOf({
  registry,
  repository,
}: {
  registry: string;
  repository: string;
}): string {
  return canonicalName({ registry, repository });
}
