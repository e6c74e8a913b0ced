import { BoxliteError } from '../../errors.js';
import { isDigest } from './digest.js';
import { JsonReader } from './json-reader.js';
import {
  isConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-types.js';
import { formatPlatform, type Platform, rankPlatforms } from './platform.js';

/** Registries need not accept more (OCI distribution-spec, "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/**
 * Well above the 127 layers that Docker can build. Each layer of a running box costs a descriptor,
 * and the shim passes 256 to a VMM, a few of which are not for layers.
 */
export const MAX_LAYERS = 240;
export const MAX_INDEX_ENTRIES = 4096;

export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes of the blob. */
  size: number;
  platform?: Platform;
  annotations: Record<string, string>;
  /** What the manifest is for if it is not an image. */
  artifactType?: string;
  /** Other addresses of the blob; for foreign layers, often the only ones. */
  urls?: string[];
  /** The blob itself. Like any other, it is accepted only if its size and digest match. */
  data?: Buffer;
}

export interface Index {
  kind: 'index';
  mediaType: string;
  entries: Descriptor[];
}

export interface Manifest {
  kind: 'manifest';
  mediaType: string;
  config: Descriptor;
  layers: Descriptor[];
}

/**
 * Parses an index or an image manifest, OCI's or Docker's.
 * @param declaredType the sender's name for it (`Content-Type`, or the descriptor that led here);
 * the document's own `mediaType` must agree
 * @param what names the document in messages
 * @throws BoxliteError `image-corrupt`, or `unsupported` for schema 1 and for anything but an image
 */
export function parseManifest(
  bytes: Uint8Array,
  declaredType: string | undefined,
  what: string,
): Index | Manifest {
  const reader = JsonReader.parse(bytes, what);
  const mediaType = agreedType(reader, declaredType, what);
  refuseAmbiguous(reader, what);
  if (reader.size('schemaVersion') !== 2) throw reader.fault('schemaVersion', 'must be 2');
  if (isIndexType(mediaType)) return parseIndex(reader, mediaType);
  if (isManifestType(mediaType)) return parseImageManifest(reader, mediaType, what);
  throw new BoxliteError('unsupported', `${what} is not a container image but ${mediaType}`);
}

/**
 * The entries of an index that may lead to a platform's image, best first. Skips attestations
 * (`unknown/unknown`), artifacts and entries of other kinds; puts entries without a platform last.
 */
export function suitableEntries(index: Index, wanted: Platform): Descriptor[] {
  const images = imagesOf(index);
  const unnamed = images.filter((entry) => entry.platform === undefined);
  return [...rankPlatforms(images, wanted), ...unnamed];
}

/** @param others platforms found for the entries that name none */
export function noSuitableEntry(
  index: Index,
  wanted: Platform,
  what: string,
  others: readonly Platform[] = [],
): BoxliteError {
  const offered = imagesOf(index).flatMap(({ platform }) =>
    platform === undefined ? [] : [formatPlatform(platform)],
  );
  const all = [...offered, ...others.map(formatPlatform)];
  const list = [...new Set(all)].join(', ') || 'none';
  return new BoxliteError(
    'image-not-found',
    `${what} has no image for ${formatPlatform(wanted)}; it has ${list}`,
    { hint: 'choose one of its platforms with --platform' },
  );
}

function imagesOf(index: Index): Descriptor[] {
  return index.entries.filter(
    (entry) =>
      (isManifestType(entry.mediaType) || isIndexType(entry.mediaType)) &&
      entry.artifactType === undefined &&
      entry.platform?.os !== 'unknown' &&
      entry.platform?.architecture !== 'unknown',
  );
}

/** Reads one descriptor (OCI image-spec, descriptor.md). */
export function parseDescriptor(reader: JsonReader): Descriptor {
  const digest = reader.string('digest');
  if (!isDigest(digest)) throw reader.fault('digest', 'must be a sha256 or sha512 digest');
  const descriptor: Descriptor = {
    mediaType: reader.string('mediaType'),
    digest,
    size: reader.size('size'),
    annotations: reader.stringMap('annotations'),
  };
  const platform = reader.optionalObject('platform');
  const artifactType = reader.optionalString('artifactType');
  const urls = reader.optionalStrings('urls');
  const data = reader.optionalString('data');
  if (platform !== undefined) descriptor.platform = parsePlatformObject(platform);
  if (artifactType) descriptor.artifactType = artifactType;
  if (urls !== undefined && urls.length > 0) descriptor.urls = urls;
  if (data !== undefined) descriptor.data = parseData(reader, data);
  return descriptor;
}

/** Base64 (RFC 4648, section 4); refuses what Node's decoder would skip. */
function parseData(reader: JsonReader, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw reader.fault('data', 'must be base64');
  return bytes;
}

function agreedType(reader: JsonReader, declaredType: string | undefined, what: string): string {
  const own = reader.optionalString('mediaType');
  const declared = declaredType?.split(';')[0]?.trim();
  if (isSchema1Type(declared ?? own ?? '') || !reader.has('schemaVersion') || isSchema1(reader))
    throw new BoxliteError('unsupported', `${what} is in Docker's old format (schema 1)`, {
      hint: 'push the image again with a current tool, or pull a newer tag',
    });
  if (own !== undefined && declared !== undefined && own !== declared)
    throw new BoxliteError(
      'image-corrupt',
      `${what} was sent as ${declared} but calls itself ${own}`,
    );
  const agreed = own ?? declared ?? typeByShape(reader);
  if (agreed !== undefined) return agreed;
  throw reader.fault('mediaType', 'is missing, and nothing else says what the document is');
}

/** OCI makes `mediaType` optional, and a stored document no longer has a sender. */
function typeByShape(reader: JsonReader): string | undefined {
  if (reader.has('manifests')) return OCI_INDEX;
  return reader.has('config') && reader.has('layers') ? OCI_MANIFEST : undefined;
}

function isSchema1(reader: JsonReader): boolean {
  return reader.size('schemaVersion') === 1 && reader.has('fsLayers');
}

/**
 * A document that one reader takes for an index and another for a manifest shows different images
 * to a scanner and to us (CVE-2021-41190).
 */
function refuseAmbiguous(reader: JsonReader, what: string): void {
  const asManifest = reader.has('layers') || reader.has('config') || reader.has('fsLayers');
  if (reader.has('manifests') && asManifest)
    throw new BoxliteError('image-corrupt', `${what} is both an index and a manifest`);
}

function parseIndex(reader: JsonReader, mediaType: string): Index {
  const entries = reader.objects('manifests');
  if (entries.length > MAX_INDEX_ENTRIES)
    throw reader.fault('manifests', `must have at most ${MAX_INDEX_ENTRIES} entries`);
  return { kind: 'index', mediaType, entries: entries.flatMap(parseEntry) };
}

/** We can't use an entry whose algorithm we can't verify, but it does not spoil the others. */
function parseEntry(reader: JsonReader): Descriptor[] {
  const known = isDigest(reader.string('digest')) || /^sha(256|512):/.test(reader.string('digest'));
  return known ? [parseDescriptor(reader)] : [];
}

function parseImageManifest(reader: JsonReader, mediaType: string, what: string): Manifest {
  const config = parseDescriptor(reader.object('config'));
  if (!isConfigType(config.mediaType)) {
    const kind = reader.optionalString('artifactType') ?? config.mediaType;
    throw new BoxliteError('unsupported', `${what} is not a container image but ${kind}`);
  }
  const layers = reader.objects('layers').map(parseDescriptor);
  if (layers.length > MAX_LAYERS)
    throw reader.fault('layers', `has ${layers.length}, more than the ${MAX_LAYERS} we take`);
  const foreign = layers.find((layer) => !isLayerType(layer.mediaType));
  if (foreign !== undefined)
    throw new BoxliteError('unsupported', `${what} has a layer of type ${foreign.mediaType}`);
  return { kind: 'manifest', mediaType, config, layers };
}

function parsePlatformObject(reader: JsonReader): Platform {
  const variant = reader.optionalString('variant');
  return {
    os: reader.string('os'),
    architecture: reader.string('architecture'),
    ...(variant ? { variant } : {}),
  };
}
