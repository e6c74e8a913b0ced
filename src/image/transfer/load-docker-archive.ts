import { BoxliteError } from '../../errors.js';
import { digestOf } from '../oci/digest.js';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../oci/image-config.js';
import { JsonReader } from '../oci/json-reader.js';
import { MAX_INDEX_ENTRIES, MAX_LAYERS, MAX_MANIFEST_BYTES } from '../oci/manifest.js';
import { layerTypeOf } from '../oci/media-types.js';
import { writeBlob } from '../store/content-store.js';
import type { StoredImageLayer } from '../store/image-record.js';
import { storeImage } from '../store/store-image.js';
import { digestSource, readFrom, readSource, type SourceFile } from './archive-source.js';
import { checkSingle } from './load-job.js';
import { type LoadJob } from './load-job.js';
import { type LoadedImage } from './load-job.js';
import { fullNames } from './load-oci-layout.js';
import { bringLayer } from './pull-layer.js';

/**
 * Loads the images of a `docker save` archive (Docker's image spec v1.2: manifest.json lists
 * configs, tags and layer files). Such an archive lacks an OCI manifest, so we write one; the
 * image's id, the config's digest, stays the same as in Docker.
 */
export async function loadDockerArchive(job: LoadJob): Promise<LoadedImage[]> {
  const images: LoadedImage[] = [];
  const entries = await readEntries(job);
  checkSingle(job, entries.length);
  for (const { config, repoTags, layers } of entries) {
    const configBytes = await readSource(await find(job, config), MAX_CONFIG_BYTES);
    const configDigest = digestOf(configBytes);
    checkName(config, configDigest, job.what);
    const { diffIds } = parseImageConfig(configBytes, `${config} of ${job.what}`);
    if (diffIds.length !== layers.length)
      throw new BoxliteError(
        'image-corrupt',
        `${job.what} has ${layers.length} layers for ${config}, which lists ${diffIds.length}`,
      );
    job.keep([configDigest, ...diffIds]);
    await writeBlob(job.home, configBytes);
    const stored = [];
    for (const [index, name] of layers.entries())
      stored.push(await loadLayer(job, name, diffIds[index] ?? ''));
    const image = await storeImage(job.home, configBytes, stored, job.keep);
    images.push({ references: repoTags.flatMap(fullNames), digest: image.manifestDigest, image });
  }
  return images;
}

/** The tags that manifest.json gives each config, for archives that are also an OCI layout. */
export async function readRepoTags(job: LoadJob): Promise<Map<string, string[]>> {
  const tags = new Map<string, string[]>();
  if ((await job.archive.find('manifest.json')) === undefined) return tags;
  for (const { config, repoTags } of await readEntries(job)) {
    const hex = /([0-9a-f]{64})(?:\.json)?$/.exec(config)?.[1];
    if (hex !== undefined) tags.set(`sha256:${hex}`, repoTags.flatMap(fullNames));
  }
  return tags;
}

interface ArchiveEntry {
  config: string;
  repoTags: string[];
  layers: string[];
}

async function readEntries(job: LoadJob): Promise<ArchiveEntry[]> {
  const bytes = await readSource(await find(job, 'manifest.json'), MAX_MANIFEST_BYTES);
  const what = `manifest.json of ${job.what}`;
  const entries = JsonReader.parseArray(bytes, what);
  if (entries.length > MAX_INDEX_ENTRIES) throw tooMany(what, MAX_INDEX_ENTRIES, 'images');
  return entries.map((reader) => {
    const layers = reader.optionalStrings('Layers') ?? [];
    if (layers.length > MAX_LAYERS) throw tooMany(what, MAX_LAYERS, 'layers for one image');
    return {
      config: reader.string('Config'),
      repoTags: reader.optionalStrings('RepoTags') ?? [],
      layers,
    };
  });
}

function tooMany(what: string, most: number, ofWhat: string): BoxliteError {
  return new BoxliteError('archive-invalid', `${what} lists more than ${most} ${ofWhat}`);
}

async function loadLayer(job: LoadJob, name: string, diffId: string): Promise<StoredImageLayer> {
  if (name === '') return leftOutLayer(job, diffId);
  const file = await find(job, name);
  const digest = await digestSource(file);
  job.keep([digest]);
  const layer = { digest, size: file.size, mediaType: await typeOf(file), diffId };
  await bringLayer(job.home, layer, (offset) => Promise.resolve(readFrom(file, offset)), job);
  return layer;
}

/** A layer without a name in the list: the writer assumed that we already have it. */
async function leftOutLayer(job: LoadJob, diffId: string): Promise<StoredImageLayer> {
  const missing = (): BoxliteError =>
    new BoxliteError(
      'archive-invalid',
      `${job.what} leaves out layer ${diffId}, which is not here`,
      {
        hint: 'load or pull the image that this one was built on first',
      },
    );
  const layer = await job.layerOf(diffId);
  if (layer === undefined) throw missing();
  job.keep([layer.digest]);
  // It may have been removed between the check and our lease.
  await bringLayer(job.home, layer, () => Promise.reject(missing()), job);
  return layer;
}

async function typeOf(file: SourceFile): Promise<string> {
  for await (const chunk of readFrom(file, 0)) return layerTypeOf(chunk);
  return layerTypeOf(new Uint8Array());
}

/** The config's file name is its digest; other content under that name is a forgery. */
function checkName(name: string, digest: string, what: string): void {
  const hex = /([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (hex !== undefined && `sha256:${hex}` !== digest)
    throw new BoxliteError('image-corrupt', `${name} of ${what} is not what its name says`);
}

async function find(job: LoadJob, name: string): Promise<SourceFile> {
  const file = await job.archive.find(name);
  if (file !== undefined) return file;
  throw new BoxliteError('archive-invalid', `${job.what} lacks ${JSON.stringify(name)}`);
}
