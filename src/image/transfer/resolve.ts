import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { digestOf, isDigest, parseDigest } from '../oci/digest.js';
import { parseImageConfig, platformOfConfig } from '../oci/image-config.js';
import {
  type Descriptor,
  type Index,
  type Manifest,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from '../oci/manifest.js';
import { hostPlatform, type Platform } from '../oci/platform.js';
import { canonicalName, type QualifiedReference } from '../oci/reference.js';
import type { FetchedManifest, RegistryClient, RegistryOptions } from '../registry/client.js';
import { blobSize, readBlob, writeBlob } from '../store/content-store.js';
import { type Keep, keepNothing } from '../store/keep.js';
import { blobSource } from './blob-source.js';
import { fetchConfig } from './fetch-config.js';
import { type DocumentSource, followIndex, type Opened } from './follow-index.js';

/** How many documents are read for one image; an index may list thousands of others. */
const MAX_DOCUMENTS = 32;

export interface ResolveOptions extends RegistryOptions {
  /** Default: Linux on this machine's architecture. */
  platform?: Platform;
  keep?: Keep;
}

export interface ResolvedImage {
  /** Digest of what the tag names: an index, or the manifest itself. */
  digest: string;
  manifest: Manifest;
  manifestDigest: string;
  manifestBytes: number;
}

/**
 * Follows a reference to the manifest of one platform, through nested indexes if needed. Stores
 * every document on the way; does not fetch one that is named by digest and already stored.
 * @throws BoxliteError `image-not-found`, `registry-*`, `image-corrupt`, `unsupported`
 */
export async function resolveImage(
  home: Home,
  client: RegistryClient,
  reference: QualifiedReference,
  options: ResolveOptions = {},
): Promise<ResolvedImage> {
  const what = canonicalName(reference);
  const search = new Search(home, client, reference.repository, options, what);
  const top = await search.document(reference.digest ?? reference.tag ?? 'latest', undefined);
  const platform = options.platform ?? hostPlatform();
  const found = await followIndex(top, platform, search, what);
  return {
    digest: top.digest,
    manifest: found.document,
    manifestDigest: found.digest,
    manifestBytes: found.size,
  };
}

/** One search for one platform's image. */
class Search implements DocumentSource {
  private readonly keep: Keep;
  private documents = 0;

  constructor(
    private readonly home: Home,
    private readonly client: RegistryClient,
    private readonly repository: string,
    private readonly options: ResolveOptions,
    private readonly what: string,
  ) {
    this.keep = options.keep ?? keepNothing;
  }

  open(entry: Descriptor): Promise<Opened> {
    return this.document(entry.digest, entry);
  }

  async platformOf({ config }: Manifest): Promise<Platform> {
    this.keep([config.digest]);
    const { client, repository, options, what } = this;
    const source = blobSource(client, repository, config, options);
    const bytes = await fetchConfig(this.home, config, source, what, options.signal);
    return platformOfConfig(parseImageConfig(bytes, `config of ${what}`));
  }

  /** Fetches and stores one document, unless it is already stored. */
  async document(reference: string, expected: Descriptor | undefined): Promise<Opened> {
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

  /** Ignores a damaged copy; it is then fetched again. */
  private async stored(digest: string): Promise<Buffer | undefined> {
    if ((await blobSize(this.home, digest)) === undefined) return undefined;
    return readBlob(this.home, digest, MAX_MANIFEST_BYTES).catch(() => undefined);
  }

  private corrupt(fault: string): BoxliteError {
    return new BoxliteError('image-corrupt', `${this.what} ${fault}`);
  }
}

/**
 * Both what leads to a document (a descriptor) and what brings it (a header) must agree with it.
 */
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
