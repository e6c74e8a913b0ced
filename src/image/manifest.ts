import { BoxliteError } from '../errors.js';
import { isDigest } from './digest.js';
import { JsonReader } from './json-reader.js';
import {
  isConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
} from './media-types.js';
import { choosePlatform, formatPlatform, type Platform } from './platform.js';

/** No registry has to accept more (OCI distribution-spec, "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Well above the 127 that Docker can build; each layer of a running box costs a descriptor. */
const MAX_LAYERS = 500;
const MAX_INDEX_ENTRIES = 4096;

export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes of the blob. */
  size: number;
  platform?: Platform;
  annotations: Record<string, string>;
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
 * @param declaredType what the sender calls it (`Content-Type`, or the descriptor that led here);
 *   the document's own `mediaType` must agree
 * @param what names the document in messages
 * @throws BoxliteError `image-corrupt`, or `unsupported` for schema 1 and for what is no image
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
 * The entry of an index to use for a platform. Attestations (`unknown/unknown`) and entries of
 * other kinds are passed over; an entry that names no platform is taken when nothing else fits.
 * @throws BoxliteError `image-not-found` that lists what the index has
 */
export function chooseEntry(index: Index, wanted: Platform, what: string): Descriptor {
  const images = index.entries.filter(
    (entry) =>
      (isManifestType(entry.mediaType) || isIndexType(entry.mediaType)) &&
      entry.platform?.os !== 'unknown' &&
      entry.platform?.architecture !== 'unknown',
  );
  const chosen =
    choosePlatform(images, wanted) ?? images.find((entry) => entry.platform === undefined);
  if (chosen !== undefined) return chosen;
  const offered = images.map((entry) => (entry.platform ? formatPlatform(entry.platform) : '?'));
  throw new BoxliteError(
    'image-not-found',
    `${what} has no image for ${formatPlatform(wanted)}; it has ${offered.join(', ') || 'none'}`,
    { hint: 'choose one of its platforms with --platform' },
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
  if (platform !== undefined) descriptor.platform = parsePlatformObject(platform);
  return descriptor;
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
  const agreed = own ?? declared;
  if (agreed !== undefined) return agreed;
  throw reader.fault('mediaType', 'is missing, and nothing else says what the document is');
}

function isSchema1(reader: JsonReader): boolean {
  return reader.size('schemaVersion') === 1 && reader.has('fsLayers');
}

/**
 * A document that is an index to one reader and a manifest to another shows different images to
 * a scanner and to us (CVE-2021-41190).
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

/** An entry under an algorithm we can't verify is of no use, but no fault of the others. */
function parseEntry(reader: JsonReader): Descriptor[] {
  const known = isDigest(reader.string('digest')) || /^sha(256|512):/.test(reader.string('digest'));
  return known ? [parseDescriptor(reader)] : [];
}

function parseImageManifest(reader: JsonReader, mediaType: string, what: string): Manifest {
  const config = parseDescriptor(reader.object('config'));
  if (!isConfigType(config.mediaType))
    throw new BoxliteError(
      'unsupported',
      `${what} is not a container image: its config is ${config.mediaType}`,
    );
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
