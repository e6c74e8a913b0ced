import { BoxliteError } from '../../errors.js';
import {
  type Descriptor,
  type Index,
  type Manifest,
  noSuitableEntry,
  suitableEntries,
} from '../oci/manifest.js';
import { isIndexType } from '../oci/media-types.js';
import { answersTo, type Platform } from '../oci/platform.js';

/** Indexes in indexes; more than one level is unusual already. */
const MAX_INDEX_DEPTH = 4;

/** An index or a manifest that was read, and whose digest is right. */
export interface Opened<T extends Index | Manifest = Index | Manifest> {
  digest: string;
  size: number;
  document: T;
}

/** Where an index's documents are: a registry, an archive. */
export interface DocumentSource {
  open(entry: Descriptor): Promise<Opened>;
  /** What the image's config tells. */
  platformOf(manifest: Manifest): Promise<Platform>;
}

/**
 * Finds the manifest of one platform's image, through indexes in indexes where need be. An entry's platform is
 * only a promise, and one that names none promises nothing: of that the config is asked, and what
 * proves to hold no image for ours is left for the next.
 * @param what names the image in messages
 * @throws BoxliteError `image-not-found` that lists what there is, `image-corrupt`
 */
export async function followIndex(
  opened: Opened,
  platform: Platform,
  source: DocumentSource,
  what: string,
  depth = 0,
): Promise<Opened<Manifest>> {
  const { document } = opened;
  if (document.kind === 'manifest') return { ...opened, document };
  if (depth === MAX_INDEX_DEPTH)
    throw new BoxliteError(
      'image-corrupt',
      `${what} nests indexes more than ${MAX_INDEX_DEPTH} levels deep`,
    );
  const others: Platform[] = [];
  for (const entry of suitableEntries(document, platform)) {
    try {
      const next = await source.open(entry);
      const found = await followIndex(next, platform, source, what, depth + 1);
      if (entry.platform !== undefined || next.document.kind === 'index') return found;
      const own = await source.platformOf(found.document);
      if (answersTo(own, platform)) return found;
      others.push(own);
    } catch (error) {
      const passedOver = error instanceof BoxliteError && error.code === 'image-not-found';
      if (!passedOver || !isIndexType(entry.mediaType)) throw error;
    }
  }
  throw noSuitableEntry(document, platform, what, others);
}
