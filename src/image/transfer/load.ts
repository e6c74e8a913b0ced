import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { BoxliteError, namedFileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { checkPlatform, hostPlatform, type Platform } from '../oci/platform.js';
import type { StoredImageLayer } from '../store/image-record.js';
import { type Keep, keepNothing } from '../store/keep.js';
import type { LayerLimits } from '../store/layer-limits.js';
import { type ArchiveSource, directorySource, spoolTar } from './archive-source.js';
import { loadDockerArchive, readRepoTags } from './load-docker-archive.js';
import type { LoadedImage } from './load-job.js';
import { loadOciLayout } from './load-oci-layout.js';
import type { LayerEvent } from './pull-layer.js';

/**
 * The progress of a load: `reading` counts the archive's own bytes; `total` is undefined for a
 * stream.
 */
export type LoadEvent = { type: 'reading'; bytes: number; total: number | undefined } | LayerEvent;

export interface LoadOptions {
  /** The only platform to load; default: this machine's from an index, else whatever is there. */
  platform?: Platform;
  /** Finds a layer of an image in the store by its diffID; an archive may omit such layers. */
  layerOf?: (diffId: string) => Promise<StoredImageLayer | undefined>;
  /** Refuses an archive with several images before storing any of it. */
  single?: boolean;
  onProgress?: (event: LoadEvent) => void;
  keep?: Keep;
  signal?: AbortSignal;
  limits?: LayerLimits;
}

/**
 * Loads the images of an OCI layout (a directory, or a tar of one) or of a `docker save` archive;
 * tars may be compressed, as layers are. Checks everything against its digest.
 * @param source a path, or the archive's bytes
 * @throws BoxliteError `path-not-found`, `archive-invalid`, `image-not-found` (none for the
 * platform), `image-corrupt`, `layer-invalid`, `no-space`, `cancelled`
 */
export async function loadArchive(
  home: Home,
  source: string | AsyncIterable<Uint8Array>,
  options: LoadOptions = {},
): Promise<LoadedImage[]> {
  const what = typeof source === 'string' ? source : 'the archive';
  let archive: ArchiveSource | undefined;
  try {
    archive = await openArchive(home, source, what, options);
    const job = {
      home,
      archive,
      what,
      fallbackName: typeof source === 'string' ? nameFromPath(source) : undefined,
      platform: options.platform ?? hostPlatform(),
      single: options.single === true,
      layerOf: options.layerOf ?? (() => Promise.resolve(undefined)),
      onProgress: options.onProgress,
      keep: options.keep ?? keepNothing,
      signal: options.signal,
      limits: options.limits,
    };
    if ((await archive.find('index.json')) !== undefined)
      return ofPlatform(await loadOciLayout(job, await readRepoTags(job)), what, options.platform);
    if ((await archive.find('manifest.json')) !== undefined)
      return ofPlatform(await loadDockerArchive(job), what, options.platform);
    throw new BoxliteError(
      'archive-invalid',
      `${what} is no image archive: it has neither index.json nor manifest.json`,
      { hint: 'make an image of a plain root file system', remedy: { action: 'import' } },
    );
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    throw new BoxliteError('cancelled', `load of ${what} was cancelled`, { cause: error });
  } finally {
    await archive?.close();
  }
}

function ofPlatform(
  images: LoadedImage[],
  what: string,
  wanted: Platform | undefined,
): LoadedImage[] {
  if (wanted !== undefined)
    for (const { image } of images)
      checkPlatform(image.platform, wanted, what, 'leave out --platform to load it anyway');
  return images;
}

async function openArchive(
  home: Home,
  source: string | AsyncIterable<Uint8Array>,
  what: string,
  options: LoadOptions,
): Promise<ArchiveSource> {
  if (typeof source !== 'string')
    return spoolTar(home, counted(source, undefined, options), what, options.limits);
  let total: number;
  try {
    const stats = await stat(source);
    if (stats.isDirectory()) return directorySource(source);
    total = stats.size;
  } catch (error) {
    throw namedFileError(error, source);
  }
  return spoolTar(home, counted(bytesOf(source), total, options), what, options.limits);
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } catch (error) {
    throw namedFileError(error, path);
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  total: number | undefined,
  { onProgress, signal }: LoadOptions,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    onProgress?.({ type: 'reading', bytes, total });
    signal?.throwIfAborted();
    yield chunk;
  }
}

/** `dir/My-App.tar.gz` → `my-app`; undefined when no valid repository name remains. */
function nameFromPath(path: string): string | undefined {
  const stem = basename(path)
    .toLowerCase()
    .replace(/\.(tar|tgz|tar\.gz|oci|oci\.tar)$/, '');
  const name = stem.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return name === '' ? undefined : name;
}
