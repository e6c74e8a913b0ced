import { BoxliteError } from '../errors.js';
import type { Home } from '../home.js';
import { readBlob } from './content-store.js';
import { eachLimited } from './each-limited.js';
import { MAX_CONFIG_BYTES } from './image-config.js';
import { describeImage, type StoredImage } from './image-record.js';
import { ingestBlob } from './ingest.js';
import { formatPlatform, hostPlatform, type Platform, sameMachine } from './platform.js';
import { bringLayer, type LayerEvent } from './pull-layer.js';
import { candidates, canonicalName, parseReference, type QualifiedReference } from './reference.js';
import type { CredentialSource } from './registry/auth.js';
import { RegistryClient } from './registry/client.js';
import type { HttpTimeouts } from './registry/http.js';
import type { RetryPolicy } from './registry/retry.js';
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

export interface PullOptions {
  /** Default: Linux on this machine's architecture. */
  platform?: Platform;
  /** The search list for names without a registry; empty means docker.io. */
  registries?: readonly string[];
  /** Registries (host[:port]) to speak to in the clear or without trust in their certificate. */
  insecure?: readonly string[];
  credentials?: CredentialSource;
  timeouts?: HttpTimeouts;
  retry?: RetryPolicy;
  onProgress?: (event: PullEvent) => void;
  signal?: AbortSignal;
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
    return await resolveImage(home, client, place, options.platform ?? hostPlatform());
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
  const open = (blob: { digest: string; size: number }) => (offset: number) =>
    client.blob(place.repository, blob, offset);

  const configBytes = await fetchConfig(home, manifest.config, open(manifest.config), options);
  const image = describeImage(manifestDigest, manifestBytes, manifest, configBytes, reference);
  checkPlatform(image, options.platform ?? hostPlatform(), reference);

  const layers = [...new Map(image.layers.map((layer) => [layer.digest, layer])).values()];
  const digests = layers.map((layer) => layer.digest);
  report({ type: 'resolved', reference, digest, layers: digests });
  for (const layer of digests) report({ type: 'layer', digest: layer, status: 'queued' });
  let upToDate = true;
  await eachLimited(layers, LAYERS_AT_ONCE, options.signal, async (layer, signal) => {
    const fetched = await bringLayer(home, layer, open(layer), { onProgress: report, signal });
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
