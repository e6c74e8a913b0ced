import { BoxliteError } from '../errors.js';
import { readFrom, readSource, type SourceFile } from './archive-source.js';
import { readBlob, writeBlob } from './content-store.js';
import { parseDigest } from './digest.js';
import { MAX_CONFIG_BYTES } from './image-config.js';
import { describeImage } from './image-record.js';
import { type BlobOpener, ingestBlob } from './ingest.js';
import { JsonReader } from './json-reader.js';
import type { LoadedImage, LoadJob } from './load.js';
import {
  chooseEntry,
  type Descriptor,
  type Manifest,
  MAX_INDEX_ENTRIES,
  MAX_MANIFEST_BYTES,
  parseDescriptor,
  parseManifest,
} from './manifest.js';
import { isIndexType, isManifestType } from './media-types.js';
import { bringLayer } from './pull-layer.js';
import { candidates, canonicalName, localName, parseReference } from './reference.js';

const MAX_INDEX_DEPTH = 4;

/**
 * Loads every image that an OCI layout's index.json lists (OCI image-spec, image-layout.md).
 * @param repoTags names by config digest, from the manifest.json that Docker writes beside it
 */
export async function loadOciLayout(
  job: LoadJob,
  repoTags: ReadonlyMap<string, string[]>,
): Promise<LoadedImage[]> {
  const what = `index.json of ${job.what}`;
  const file = await job.archive.find('index.json');
  if (file === undefined) throw invalid(`${what} is missing`);
  const listed = JsonReader.parse(await readSource(file, MAX_MANIFEST_BYTES), what).objects(
    'manifests',
  );
  if (listed.length > MAX_INDEX_ENTRIES)
    throw invalid(`${what} lists more than ${MAX_INDEX_ENTRIES} images`);
  const entries = listed
    .map(parseDescriptor)
    .filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType));
  if (entries.length === 0) throw invalid(`${what} lists no image`);

  // One image under two tags is listed twice; to load it twice would only take longer.
  const loaded = new Map<string, LoadedImage>();
  for (const entry of entries) {
    const image = loaded.get(entry.digest) ?? (await loadEntry(job, entry));
    const names = [...image.references, ...namesOf(entry, job.fallbackName)];
    const known = names.length > 0 ? names : (repoTags.get(image.image.configDigest) ?? []);
    loaded.set(entry.digest, { ...image, references: [...new Set(known)] });
  }
  return [...loaded.values()];
}

async function loadEntry(job: LoadJob, top: Descriptor): Promise<LoadedImage> {
  const { home } = job;
  const { manifest, descriptor } = await findManifest(job, top);
  const { config } = manifest;
  if (config.size > MAX_CONFIG_BYTES) throw invalid(`image config of ${job.what} is too large`);
  job.keep([config.digest, ...manifest.layers.map((layer) => layer.digest)]);
  await ingestBlob(home, config, opener(job, config), { signal: job.signal });
  const configBytes = await readBlob(home, config.digest, MAX_CONFIG_BYTES);
  const image = describeImage(
    descriptor.digest,
    descriptor.size,
    manifest,
    configBytes,
    `image ${descriptor.digest} in ${job.what}`,
  );
  job.keep(image.config.diffIds);
  for (const layer of new Map(image.layers.map((one) => [one.digest, one])).values())
    await bringLayer(home, layer, opener(job, layer), job);
  return { references: [], digest: top.digest, image };
}

async function findManifest(
  job: LoadJob,
  top: Descriptor,
): Promise<{ manifest: Manifest; descriptor: Descriptor }> {
  let descriptor = top;
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const what = `manifest ${descriptor.digest} in ${job.what}`;
    const file = await findBlob(job, descriptor);
    const bytes = await readSource(file, MAX_MANIFEST_BYTES);
    const { algorithm } = parseDigest(descriptor.digest);
    if (file.size !== descriptor.size)
      throw new BoxliteError(
        'image-corrupt',
        `${what} has ${file.size} bytes, not ${descriptor.size}`,
      );
    job.keep([descriptor.digest]);
    if ((await writeBlob(job.home, bytes, algorithm)) !== descriptor.digest)
      throw new BoxliteError('image-corrupt', `${what} is not what its digest says`);
    const document = parseManifest(bytes, descriptor.mediaType, what);
    if (document.kind === 'manifest') return { manifest: document, descriptor };
    descriptor = chooseEntry(document, job.platform, what);
  }
  throw new BoxliteError('image-corrupt', `${job.what} nests indexes too deeply`);
}

/** Bytes are looked for only when the store does not have them: a layout may leave blobs out. */
function opener(job: LoadJob, blob: { digest: string }): BlobOpener {
  return async (offset) => readFrom(await findBlob(job, blob), offset);
}

async function findBlob(job: LoadJob, { digest }: { digest: string }): Promise<SourceFile> {
  const { algorithm, hex } = parseDigest(digest);
  const file = await job.archive.find(`blobs/${algorithm}/${hex}`);
  if (file === undefined) throw invalid(`${job.what} lacks blob ${digest}`);
  return file;
}

/**
 * The names of an entry. containerd writes the full name; `ref.name` is by the specification
 * anything up to a full name, and in practice often a bare tag, which then belongs to the archive.
 */
function namesOf(entry: Descriptor, fallbackName: string | undefined): string[] {
  const full = entry.annotations['io.containerd.image.name'];
  const name = full ?? entry.annotations['org.opencontainers.image.ref.name'];
  if (name === undefined) return [];
  try {
    if (/[/:@]/.test(name)) return fullNames(name);
    return fallbackName === undefined ? [] : [localName(`${fallbackName}:${name}`)];
  } catch (error) {
    // An annotation is free text. The image is good all the same, and can be tagged by its id.
    if (error instanceof BoxliteError && error.code === 'invalid-reference') return [];
    throw error;
  }
}

/** Names in archives are Docker's: without a registry they mean docker.io. */
export function fullNames(name: string): string[] {
  return candidates(parseReference(name)).map(canonicalName);
}

function invalid(message: string): BoxliteError {
  return new BoxliteError('archive-invalid', message);
}
