import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import {
  type ImageConfig,
  MAX_CONFIG_BYTES,
  parseImageConfig,
  platformOfConfig,
} from '../oci/image-config.js';
import { type Manifest, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.js';
import type { Platform } from '../oci/platform.js';
import { readBlob } from './content-store.js';

/** An image with every part in the store. */
export interface StoredImage {
  manifestDigest: string;
  /** Digest of the config: the image's id. */
  configDigest: string;
  platform: Platform;
  config: ImageConfig;
  /** Base first. */
  layers: StoredImageLayer[];
  /** Stored bytes of manifest, config and layers; a repeated layer counts once. */
  size: number;
}

export interface StoredImageLayer {
  digest: string;
  /** Bytes of the blob. */
  size: number;
  mediaType: string;
  /** Digest of the uncompressed layer. */
  diffId: string;
}

/**
 * Reads an image back from the store.
 * @throws BoxliteError `image-corrupt` when its manifest or config is missing or damaged
 */
export async function readImage(home: Home, manifestDigest: string): Promise<StoredImage> {
  const what = `image ${manifestDigest}`;
  const bytes = await readBlob(home, manifestDigest, MAX_MANIFEST_BYTES);
  const manifest = parseManifest(bytes, undefined, `manifest of ${what}`);
  if (manifest.kind !== 'manifest')
    throw new BoxliteError('image-corrupt', `${what} is an index of images, not one image`);
  const configBytes = await readBlob(home, manifest.config.digest, MAX_CONFIG_BYTES);
  return describeImage(manifestDigest, bytes.length, manifest, configBytes, what);
}

/**
 * Combines a manifest and its config's bytes.
 * @throws BoxliteError `image-corrupt` when the two don't belong together
 */
export function describeImage(
  manifestDigest: string,
  manifestBytes: number,
  manifest: Manifest,
  configBytes: Uint8Array,
  what: string,
): StoredImage {
  const config = parseImageConfig(configBytes, `config of ${what}`);
  if (config.diffIds.length !== manifest.layers.length)
    throw new BoxliteError(
      'image-corrupt',
      `${what} has ${manifest.layers.length} layers, but its config lists ${config.diffIds.length}`,
    );
  const layers = manifest.layers.map(({ digest, size, mediaType }, index) => {
    return { digest, size, mediaType, diffId: config.diffIds[index] ?? '' };
  });
  const distinct = new Map(layers.map(({ digest, size }) => [digest, size]));
  let size = manifestBytes + configBytes.length;
  for (const layerSize of distinct.values()) size += layerSize;
  return {
    manifestDigest,
    configDigest: manifest.config.digest,
    platform: platformOfConfig(config),
    config,
    layers,
    size,
  };
}
