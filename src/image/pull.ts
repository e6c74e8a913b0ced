import { BoxliteError } from '../errors.js';
import type { Home } from '../home.js';
import { blobSource } from './blob-source.js';
import { readBlob } from './content-store.js';
import { eachLimited } from './each-limited.js';
import { MAX_CONFIG_BYTES } from './image-config.js';
import { describeImage, type StoredImage, type StoredImageLayer } from './image-record.js';
import { ingestBlob } from './ingest.js';
import { type Keep, keepNothing } from './keep.js';
import type { Descriptor } from './manifest.js';
import type { LayerLimits } from './layer-limits.js';
import { formatPlatform, hostPlatform, type Platform, sameMachine } from './platform.js';
import { bringLayer, isLayerHere, type LayerEvent } from './pull-layer.js';
import { candidates, canonicalName, parseReference, type QualifiedReference } from './reference.js';
import { RegistryClient, type RegistryOptions } from './registry/client.js';
import { resolveImage, type ResolvedImage } from './resolve.js';

/** As Docker: more at once are hardly faster, and slower for everybody else on the line. */
const LAYERS_AT_ONCE = 3;

/** What a pull is doing. Names are canonical: `docker.io/library/alpine:latest`. */
export type PullEvent =
  | { type: 'trying'; reference: string }
  /** A registry of the search list did not have it. */
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
  /** Where it came from, in full: `docker.io/library/alpine:latest`. */
  reference: string;
  /** Of what the tag names: an index or a manifest. */
  digest: string;
  image: StoredImage;
  /** Nothing but manifests had to be fetched. */
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
  throw everyPlaceFailed(text, failures);
}

/** Errors after which the next registry of the search list is asked. */
const NEXT_PLACE = [
  'image-not-found',
  'registry-unreachable',
  'registry-auth',
  'registry-protocol',
];

async function resolveOr(
  home: Home,
  client: RegistryClient,
  place: QualifiedReference,
  options: PullOptions,
  failures: BoxliteError[],
): Promise<ResolvedImage | undefined> {
  try {
    const platform = options.platform ?? hostPlatform();
    return await resolveImage(home, client, place, platform, options.keep);
  } catch (error) {
    if (!(error instanceof BoxliteError) || !NEXT_PLACE.includes(error.code)) throw error;
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
  const configBytes = await fetchConfig(home, manifest.config, open(manifest.config), options);
  const image = describeImage(manifestDigest, manifestBytes, manifest, configBytes, reference);
  keep(image.config.diffIds);
  checkPlatform(image, options.platform ?? hostPlatform(), reference);

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

async function fetchConfig(
  home: Home,
  config: { digest: string; size: number },
  openFrom: (offset: number) => Promise<AsyncIterable<Uint8Array>>,
  { signal }: PullOptions,
): Promise<Buffer> {
  if (config.size > MAX_CONFIG_BYTES)
    throw new BoxliteError(
      'image-corrupt',
      `image config of ${config.size} bytes is larger than the ${MAX_CONFIG_BYTES} we take`,
    );
  await ingestBlob(home, config, openFrom, { signal });
  return readBlob(home, config.digest, MAX_CONFIG_BYTES);
}

/** A tag without an index may hold an image of any platform. */
function checkPlatform(image: StoredImage, wanted: Platform, reference: string): void {
  const { os, architecture } = image.platform;
  if (os === '' || architecture === '' || sameMachine(image.platform, wanted)) return;
  throw new BoxliteError(
    'image-not-found',
    `${reference} is an image for ${formatPlatform(image.platform)}, not ${formatPlatform(wanted)}`,
    { hint: `pull it with --platform ${formatPlatform(image.platform)} to have it anyway` },
  );
}

function everyPlaceFailed(text: string, failures: readonly BoxliteError[]): BoxliteError {
  const [first, ...others] = failures;
  if (first === undefined) throw new Error('an image has at least one place to come from');
  if (others.length === 0) return first;
  const code = failures.every((failure) => failure.code === first.code)
    ? first.code
    : (failures.find((failure) => failure.code !== 'image-not-found') ?? first).code;
  const lines = failures.map((failure) => `\n  ${failure.message}`).join('');
  return new BoxliteError(code, `no registry of the search list gave ${text}:${lines}`, {
    cause: new AggregateError(failures),
    hint: 'write the registry in front of the name, or check the search list',
  });
}
