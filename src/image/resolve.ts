import { BoxliteError } from '../errors.js';
import type { Home } from '../home.js';
import { blobSize, readBlob, writeBlob } from './content-store.js';
import { digestOf, isDigest, parseDigest } from './digest.js';
import { type Keep, keepNothing } from './keep.js';
import {
  type Descriptor,
  type Index,
  type Manifest,
  MAX_MANIFEST_BYTES,
  noSuitableEntry,
  parseManifest,
  suitableEntries,
} from './manifest.js';
import { isIndexType } from './media-types.js';
import type { Platform } from './platform.js';
import { canonicalName, type QualifiedReference } from './reference.js';
import type { FetchedManifest, RegistryClient } from './registry/client.js';

/** Indexes in indexes; more than one level is unusual already. */
const MAX_INDEX_DEPTH = 4;
/** So many documents are looked at for one image; an index may offer thousands of others. */
const MAX_DOCUMENTS = 32;

export interface ResolvedImage {
  /** Of what the tag names: an index, or the manifest itself. */
  digest: string;
  manifest: Manifest;
  manifestDigest: string;
  manifestBytes: number;
}

/**
 * Follows a reference to the manifest of one platform, through indexes in indexes where need be. Every
 * document on the way is stored; one that is named by digest and stored already is not fetched.
 * @throws BoxliteError `image-not-found`, `registry-*`, `image-corrupt`, `unsupported`
 */
export async function resolveImage(
  home: Home,
  client: RegistryClient,
  reference: QualifiedReference,
  platform: Platform,
  keep: Keep = keepNothing,
): Promise<ResolvedImage> {
  const what = canonicalName(reference);
  const search = new Search(home, client, reference.repository, platform, what, keep);
  const top = await search.open(reference.digest ?? reference.tag ?? 'latest', undefined);
  const found = await search.follow(top, 0);
  return {
    digest: top.digest,
    manifest: found.document,
    manifestDigest: found.digest,
    manifestBytes: found.size,
  };
}

interface Opened<T extends Index | Manifest = Index | Manifest> {
  digest: string;
  size: number;
  document: T;
}

/** One search for one platform's image. */
class Search {
  private documents = 0;

  constructor(
    private readonly home: Home,
    private readonly client: RegistryClient,
    private readonly repository: string,
    private readonly platform: Platform,
    private readonly what: string,
    private readonly keep: Keep,
  ) {}

  /** Fetches one document, unless it is stored already, and stores it. */
  async open(reference: string, expected: Descriptor | undefined): Promise<Opened> {
    if (++this.documents > MAX_DOCUMENTS)
      throw this.corrupt(`leads through more than ${MAX_DOCUMENTS} indexes and manifests`);
    if (expected !== undefined && expected.size > MAX_MANIFEST_BYTES)
      throw this.corrupt(`lists a manifest of ${expected.size} bytes`);
    if (isDigest(reference)) this.keep([reference]);
    const fetched = await this.obtain(reference, expected);
    const document = parseDocument(fetched, expected, this.what);
    this.keep([fetched.digest]);
    await writeBlob(this.home, fetched.bytes, parseDigest(fetched.digest).algorithm);
    return { digest: fetched.digest, size: fetched.bytes.length, document };
  }

  /**
   * An entry's platform is only a promise, and one that names none promises nothing: what proves to
   * hold no image for ours is left for the next.
   */
  async follow(opened: Opened, depth: number): Promise<Opened<Manifest>> {
    const { document } = opened;
    if (document.kind === 'manifest') return { ...opened, document };
    if (depth === MAX_INDEX_DEPTH)
      throw this.corrupt(`nests indexes more than ${MAX_INDEX_DEPTH} levels deep`);
    for (const entry of suitableEntries(document, this.platform)) {
      try {
        return await this.follow(await this.open(entry.digest, entry), depth + 1);
      } catch (error) {
        const passedOver = error instanceof BoxliteError && error.code === 'image-not-found';
        if (!passedOver || !isIndexType(entry.mediaType)) throw error;
      }
    }
    throw noSuitableEntry(document, this.platform, this.what);
  }

  private async obtain(
    reference: string,
    expected: Descriptor | undefined,
  ): Promise<FetchedManifest> {
    const data = expected?.data;
    if (isDigest(reference)) {
      const bytes = data ?? (await this.stored(reference));
      if (bytes !== undefined && digestOf(bytes, parseDigest(reference).algorithm) === reference)
        return { bytes, mediaType: undefined, digest: reference };
      if (data !== undefined) throw this.corrupt(`has data that are not ${reference}`);
    }
    return this.client.manifest(this.repository, reference, expected?.size);
  }

  /** A damaged copy is fetched again and replaced. */
  private async stored(digest: string): Promise<Buffer | undefined> {
    if ((await blobSize(this.home, digest)) === undefined) return undefined;
    return readBlob(this.home, digest, MAX_MANIFEST_BYTES).catch(() => undefined);
  }

  private corrupt(fault: string): BoxliteError {
    return new BoxliteError('image-corrupt', `${this.what} ${fault}`);
  }
}

/** What leads to a document (a descriptor) and what brings it (a header) must both agree with it. */
function parseDocument(
  { bytes, mediaType }: FetchedManifest,
  expected: Descriptor | undefined,
  what: string,
): Index | Manifest {
  if (expected !== undefined && expected.size !== bytes.length)
    throw new BoxliteError(
      'image-corrupt',
      `manifest of ${what} has ${bytes.length} bytes, its index says ${expected.size}`,
    );
  const document = parseManifest(bytes, mediaType ?? expected?.mediaType, `manifest of ${what}`);
  if (expected !== undefined && expected.mediaType !== document.mediaType)
    throw new BoxliteError(
      'image-corrupt',
      `manifest of ${what} is ${document.mediaType}, its index says ${expected.mediaType}`,
    );
  return document;
}
