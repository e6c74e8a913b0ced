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

/** Indexes within indexes; even one level is unusual. */
const MAX_INDEX_DEPTH = 4;

/** An index or a manifest that was read and matches its digest. */
export interface Opened<T extends Index | Manifest = Index | Manifest> {
  digest: string;
  size: number;
  document: T;
}

/** Where an index's documents are: a registry, an archive. */
export interface DocumentSource {
  open(entry: Descriptor): Promise<Opened>;
  /** The platform in the image's config. */
  platformOf(manifest: Manifest): Promise<Platform>;
}

/**
 * Finds the manifest of one platform's image, through nested indexes if needed. An entry's platform
 * is only a promise, and an entry without one promises nothing: the image's config decides, and an
 * entry that turns out to have no image for our platform is skipped.
 * @param what names the image in messages
 * @throws BoxliteError `image-not-found` that lists the available platforms, `image-corrupt`
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
