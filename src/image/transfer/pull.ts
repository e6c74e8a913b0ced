import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { Descriptor } from '../oci/manifest.js';
import { checkPlatform, formatPlatform, type Platform } from '../oci/platform.js';
import {
  candidates,
  canonicalName,
  parseReference,
  type QualifiedReference,
} from '../oci/reference.js';
import { RegistryClient, type RegistryOptions } from '../registry/client.js';
import { requireSpace } from '../store/free-space.js';
import { describeImage, type StoredImage, type StoredImageLayer } from '../store/image-record.js';
import { type Keep, keepNothing } from '../store/keep.js';
import { checkBlobSize, type LayerLimits } from '../store/layer-limits.js';
import { blobSource } from './blob-source.js';
import { eachLimited } from './each-limited.js';
import { fetchConfig } from './fetch-config.js';
import { bringLayer, isLayerHere, type LayerEvent } from './pull-layer.js';
import { type ResolvedImage, resolveImage } from './resolve.js';
import { everyRegistryFailed, isForNextRegistry } from './search-list.js';

/** As in Docker: more at once are hardly faster, and slow down everybody else on the network. */
const LAYERS_AT_ONCE = 3;

/** The progress of a pull. Names are canonical: `docker.io/library/alpine:latest`. */
export type PullEvent =
  | { type: 'trying'; reference: string }
  /** A registry of the search list did not have the image. */
  | { type: 'failed'; reference: string; error: BoxliteError }
  | { type: 'resolved'; reference: string; digest: string; layers: string[] }
  | LayerEvent;

export interface PullOptions extends RegistryOptions {
  /** Default: Linux on this machine's architecture. */
  platform?: Platform;
  /** The search list for names without a registry; empty means docker.io. */
  registries?: readonly string[];
  limits?: LayerLimits;
  onProgress?: (event: PullEvent) => void;
  keep?: Keep;
}

export interface PulledImage {
  /** The full name of its source: `docker.io/library/alpine:latest`. */
  reference: string;
  /** Digest of what the tag names: an index or a manifest. */
  digest: string;
  image: StoredImage;
  /** Only manifests had to be fetched. */
  upToDate: boolean;
}

/**
 * Brings an image into the store: its manifests, its config and its layers, laid out for the disk.
 * @throws BoxliteError `invalid-reference`, `image-not-found`, `registry-*`, `image-corrupt`,
 *   `layer-invalid`, `unsupported`, `no-space`, `cancelled`
 */
export async function pullImage(
  home: Home,
  text: string,
  options: PullOptions = {},
): Promise<PulledImage> {
  const places = candidates(parseReference(text), options.registries);
  const failures: BoxliteError[] = [];
  for (const place of places) {
    const reference = canonicalName(place);
    const client = new RegistryClient(place.registry, options);
    try {
      options.onProgress?.({ type: 'trying', reference });
      const resolved = await resolveOr(home, client, place, options, failures);
      if (resolved !== undefined) return await fetchImage(home, client, place, resolved, options);
    } catch (error) {
      if (options.signal?.aborted !== true) throw error;
      throw new BoxliteError('cancelled', `pull of ${reference} was cancelled`, { cause: error });
    } finally {
      client.close();
    }
  }
  throw everyRegistryFailed(text, failures);
}

async function resolveOr(
  home: Home,
  client: RegistryClient,
  place: QualifiedReference,
  options: PullOptions,
  failures: BoxliteError[],
): Promise<ResolvedImage | undefined> {
  try {
    return await resolveImage(home, client, place, options);
  } catch (error) {
    if (!isForNextRegistry(error)) throw error;
    failures.push(error);
    options.onProgress?.({ type: 'failed', reference: canonicalName(place), error });
    return undefined;
  }
}

async function fetchImage(
  home: Home,
  client: RegistryClient,
  place: QualifiedReference,
  resolved: ResolvedImage,
  options: PullOptions,
): Promise<PulledImage> {
  const reference = canonicalName(place);
  const { manifest, manifestDigest, manifestBytes, digest } = resolved;
  const report = options.onProgress ?? (() => undefined);
  const keep = options.keep ?? keepNothing;
  const open = (blob: Descriptor) => blobSource(client, place.repository, blob, options);

  keep([manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)]);
  const configBytes = await fetchConfig(
    home,
    manifest.config,
    open(manifest.config),
    reference,
    options.signal,
  );
  const image = describeImage(manifestDigest, manifestBytes, manifest, configBytes, reference);
  keep(image.config.diffIds);
  const hint = `pull it with --platform ${formatPlatform(image.platform)} to have it anyway`;
  checkPlatform(image.platform, options.platform, reference, hint);

  const layers = [...new Map(image.layers.map((layer) => [layer.digest, layer])).values()];
  const descriptors = new Map(manifest.layers.map((layer) => [layer.digest, layer]));
  const digests = layers.map((layer) => layer.digest);
  report({ type: 'resolved', reference, digest, layers: digests });
  const missing: StoredImageLayer[] = [];
  for (const layer of layers) {
    const here = await isLayerHere(home, layer);
    if (!here) missing.push(layer);
    report({ type: 'layer', digest: layer.digest, status: here ? 'exists' : 'queued' });
  }
  // Fetch nothing of an image that we can't fetch whole.
  for (const layer of missing) checkBlobSize(layer, options.limits);
  await requireSpace(home, missing, reference);
  let upToDate = true;
  await eachLimited(missing, LAYERS_AT_ONCE, options.signal, async (layer, signal) => {
    const source = open(descriptors.get(layer.digest) ?? { ...layer, annotations: {} });
    const { limits } = options;
    const fetched = await bringLayer(home, layer, source, {
      onProgress: report,
      signal,
      ...(limits ? { limits } : {}),
    });
    if (fetched) upToDate = false;
  });
  return { reference, digest, image, upToDate };
}
