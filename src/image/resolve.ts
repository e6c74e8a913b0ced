import { BoxliteError } from '../errors.js';
import type { Home } from '../home.js';
import { blobSize, readBlob, writeBlob } from './content-store.js';
import { isDigest, parseDigest } from './digest.js';
import {
  chooseEntry,
  type Index,
  type Manifest,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from './manifest.js';
import type { Platform } from './platform.js';
import { canonicalName, type QualifiedReference } from './reference.js';
import type { FetchedManifest, RegistryClient } from './registry/client.js';

/** Indexes in indexes; more than one level is unusual already. */
const MAX_INDEX_DEPTH = 4;

export interface ResolvedImage {
  /** Of what the tag names: an index, or the manifest itself. */
  digest: string;
  manifest: Manifest;
  manifestDigest: string;
  manifestBytes: number;
}

/**
 * Follows a reference to the manifest of one platform. Every document on the way is stored; one
 * that is named by digest and stored already is not fetched.
 * @throws BoxliteError `image-not-found`, `registry-*`, `image-corrupt`, `unsupported`
 */
export async function resolveImage(
  home: Home,
  client: RegistryClient,
  reference: QualifiedReference,
  platform: Platform,
): Promise<ResolvedImage> {
  const what = canonicalName(reference);
  const { repository } = reference;
  let next = reference.digest ?? reference.tag ?? 'latest';
  let expected: { mediaType: string; size: number } | undefined;
  let digest: string | undefined;
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const fetched = await obtain(home, client, repository, next);
    const document = parseDocument(fetched, expected, what);
    await writeBlob(home, fetched.bytes, parseDigest(fetched.digest).algorithm);
    digest ??= fetched.digest;
    if (document.kind === 'manifest')
      return {
        digest,
        manifest: document,
        manifestDigest: fetched.digest,
        manifestBytes: fetched.bytes.length,
      };
    const entry = chooseEntry(document, platform, what);
    next = entry.digest;
    expected = entry;
  }
  throw new BoxliteError(
    'image-corrupt',
    `${what} nests indexes more than ${MAX_INDEX_DEPTH} levels deep`,
  );
}

async function obtain(
  home: Home,
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<FetchedManifest> {
  if (isDigest(reference) && (await blobSize(home, reference)) !== undefined) {
    const bytes = await readBlob(home, reference, MAX_MANIFEST_BYTES).catch(() => undefined);
    // A damaged copy is fetched again and replaced.
    if (bytes !== undefined) return { bytes, mediaType: undefined, digest: reference };
  }
  return client.manifest(repository, reference);
}

/** What leads to a document (a descriptor) and what brings it (a header) must both agree with it. */
function parseDocument(
  { bytes, mediaType }: FetchedManifest,
  expected: { mediaType: string; size: number } | undefined,
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
