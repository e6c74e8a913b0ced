import { BoxliteError } from '../../errors.js';
import { parseDigest } from '../oci/digest.js';
import { parseImageConfig, platformOfConfig } from '../oci/image-config.js';
import { JsonReader } from '../oci/json-reader.js';
import {
  type Descriptor,
  type Manifest,
  MAX_INDEX_ENTRIES,
  MAX_MANIFEST_BYTES,
  parseDescriptor,
  parseManifest,
} from '../oci/manifest.js';
import { isIndexType, isManifestType } from '../oci/media-types.js';
import { candidates, canonicalName, localName, parseReference } from '../oci/reference.js';
import { writeBlob } from '../store/content-store.js';
import { describeImage } from '../store/image-record.js';
import type { BlobOpener } from '../store/ingest.js';
import { readFrom, readSource, type SourceFile } from './archive-source.js';
import { fetchConfig } from './fetch-config.js';
import { followIndex, type Opened } from './follow-index.js';
import { checkSingle } from './load-job.js';
import { type LoadJob } from './load-job.js';
import { type LoadedImage } from './load-job.js';
import { bringLayer } from './pull-layer.js';

/**
 * Loads every image in the index.json of an OCI layout (OCI image-spec, image-layout.md).
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
  checkSingle(job, new Set(entries.map(({ digest }) => digest)).size);

  // An image with two tags is listed twice; loading it twice would only take longer.
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
  const { digest, size, document } = await findManifest(job, top);
  job.keep([document.config.digest, ...document.layers.map((layer) => layer.digest)]);
  const configBytes = await readConfig(job, document);
  const image = describeImage(
    digest,
    size,
    document,
    configBytes,
    `image ${digest} in ${job.what}`,
  );
  job.keep(image.config.diffIds);
  for (const layer of new Map(image.layers.map((one) => [one.digest, one])).values())
    await bringLayer(home, layer, opener(job, layer), job);
  return { references: [], digest: top.digest, image };
}

async function findManifest(job: LoadJob, top: Descriptor): Promise<Opened<Manifest>> {
  const source = {
    open: (entry: Descriptor) => openDocument(job, entry),
    platformOf: async (manifest: Manifest) => {
      const what = `config of an image in ${job.what}`;
      return platformOfConfig(parseImageConfig(await readConfig(job, manifest), what));
    },
  };
  return followIndex(await openDocument(job, top), job.platform, source, job.what);
}

async function openDocument(job: LoadJob, entry: Descriptor): Promise<Opened> {
  const { digest, size, mediaType } = entry;
  const what = `manifest ${digest} in ${job.what}`;
  const file = await findBlob(job, entry);
  const bytes = await readSource(file, MAX_MANIFEST_BYTES);
  if (file.size !== size)
    throw new BoxliteError('image-corrupt', `${what} has ${file.size} bytes, not ${size}`);
  job.keep([digest]);
  if ((await writeBlob(job.home, bytes, parseDigest(digest).algorithm)) !== digest)
    throw new BoxliteError('image-corrupt', `${what} is not what its digest says`);
  return { digest, size, document: parseManifest(bytes, mediaType, what) };
}

function readConfig(job: LoadJob, { config }: Manifest): Promise<Buffer> {
  job.keep([config.digest]);
  return fetchConfig(job.home, config, opener(job, config), `an image in ${job.what}`, job.signal);
}

/** Looks for the bytes only when the store lacks them: a layout may omit blobs. */
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
 * The names of an entry. containerd writes the full name; the specification allows anything up to a
 * full name in `ref.name`, often a bare tag in practice, which then belongs to the archive's name.
 */
function namesOf(entry: Descriptor, fallbackName: string | undefined): string[] {
  const full = entry.annotations['io.containerd.image.name'];
  const name = full ?? entry.annotations['org.opencontainers.image.ref.name'];
  if (name === undefined) return [];
  try {
    if (/[/:@]/.test(name)) return fullNames(name);
    return fallbackName === undefined ? [] : [localName(`${fallbackName}:${name}`)];
  } catch (error) {
    // An annotation is free text. The image is good all the same, and its id can be tagged.
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
