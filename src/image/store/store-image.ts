import type { Home } from '../../host/home.js';
import { digestOf } from '../oci/digest.js';
import { parseManifest } from '../oci/manifest.js';
import { OCI_CONFIG, OCI_MANIFEST } from '../oci/media-types.js';
import { writeBlob } from './content-store.js';
import { describeImage, type StoredImage, type StoredImageLayer } from './image-record.js';
import { type Keep, keepNothing } from './keep.js';

/**
 * Makes an image of layers that are already stored: writes its config and a manifest. Equal input
 * gives equal digests.
 */
export async function storeImage(
  home: Home,
  configBytes: Uint8Array,
  layers: readonly StoredImageLayer[],
  keep: Keep = keepNothing,
): Promise<StoredImage> {
  keep([digestOf(configBytes)]);
  const configDigest = await writeBlob(home, configBytes);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: configDigest, size: configBytes.length },
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    }),
  );
  keep([digestOf(bytes)]);
  const manifestDigest = await writeBlob(home, bytes);
  const what = `image ${configDigest}`;
  const manifest = parseManifest(bytes, OCI_MANIFEST, what);
  if (manifest.kind !== 'manifest') throw new Error('a manifest we wrote is a manifest');
  return describeImage(manifestDigest, bytes.length, manifest, configBytes, what);
}
