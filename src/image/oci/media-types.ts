/** The media types of images: OCI's (image-spec, media-types.md) and Docker's (manifest v2 schema 2). */

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
const OCI_LAYER_NONDISTRIBUTABLE = 'application/vnd.oci.image.layer.nondistributable.v1.tar';

const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
const DOCKER_LAYER_FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar';

/** What a registry may return for a manifest request. */
export const MANIFEST_ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ');

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

/** What storage says of a file whose type it does not know. */
export function isGenericType(mediaType: string): boolean {
  return /^(application\/(octet-stream|json)|binary\/octet-stream|text\/plain)$/.test(mediaType);
}

/** Docker's manifest from before 2016, signed or not; a digest can verify nothing in it. */
export function isSchema1Type(mediaType: string): boolean {
  return /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/.test(mediaType);
}

export function isConfigType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/** The layer's first bytes show its compression; the type only says that it is a layer. */
export function isLayerType(mediaType: string): boolean {
  const bases = [OCI_LAYER, OCI_LAYER_NONDISTRIBUTABLE, DOCKER_LAYER, DOCKER_LAYER_FOREIGN];
  return bases.some((base) =>
    ['', '+gzip', '.gzip', '+zstd', '.zstd'].some((packing) => mediaType === base + packing),
  );
}

export function isGzip([a, b]: Uint8Array): boolean {
  return a === 0x1f && b === 0x8b;
}

/** A zstd frame, or a skippable one before it (RFC 8878, 3.1.1 and 3.1.2). */
export function isZstd([a = 0, b, c, d]: Uint8Array): boolean {
  const frame = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  return frame || (a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18);
}

/** The type of a layer in a manifest that we write, by its first bytes. */
export function layerTypeOf(firstBytes: Uint8Array): string {
  if (isGzip(firstBytes)) return `${OCI_LAYER}+gzip`;
  if (isZstd(firstBytes)) return `${OCI_LAYER}+zstd`;
  return OCI_LAYER;
}
