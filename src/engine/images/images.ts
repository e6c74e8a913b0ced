import { abortable } from '../../abort.js';
import type { Home } from '../../host/home.js';
import {
  answersTo,
  formatPlatform,
  parsePlatform,
  readPlatform,
} from '../../image/oci/platform.js';
import {
  canonicalName,
  givenName,
  localName,
  parseReference,
  storedNames,
} from '../../image/oci/reference.js';
import type { StoredImage } from '../../image/store/image-record.js';
import { readImage } from '../../image/store/image-record.js';
import type { ArchiveFormat } from '../../image/transfer/save.js';
import type { Database } from '../../store/database.js';
import type { ImageRecord, ImageReference } from '../../store/images.js';
import { withReserve } from '../../store/reserve.js';
import type { ImageMount } from '../spec/volumes/box-volume.js';
import { isInBox } from '../state/images-of-box.js';
import type { DiskUsage } from './disk-usage.js';
import { noImageFor, noSuchImage } from './error.js';
import { findImage } from './find.js';
import type { HistoryLine } from './history.js';
import type {
  CommitRequest,
  ImageSettings,
  ImportOptions,
  LoadedImage,
  LoadOptions,
  PullOptions,
  PullResult,
} from './image-options.js';
import { recordOf } from './image-record.js';
import { type ImageDetails, type ImageInfo, infoOf, lastTagged, repoDigests } from './info.js';
import { knownLayer } from './known-layer.js';
import type { PruneOptions } from './prune.js';
import type { RemovedImage, RemoveImageOptions } from './removal.js';
import { ImageSizes } from './size.js';
import type { ImageStore } from './store.js';

export type { ImageConfig } from '../../image/oci/image-config.js';
export type { ImageDetails, ImageInfo } from './info.js';
export type {
  ImportOptions,
  LoadedImage,
  LoadOptions,
  PullOptions,
  PullResult,
} from './image-options.js';
export type { LoadEvent } from '../../image/transfer/load.js';
export type { PullEvent } from '../../image/transfer/pull.js';
export type { ArchiveFormat } from '../../image/transfer/save.js';
export type { Healthcheck, HistoryEntry } from '../../image/oci/image-config.js';
export type { LayerEvent } from '../../image/transfer/pull-layer.js';

/** The images of one home: the content store joined with the database's references. */
export class Images {
  readonly #store: ImageStore;

  constructor(
    private readonly home: Home,
    private readonly database: () => Database,
    private readonly settings: ImageSettings,
  ) {
    this.#store = { home, database, registries: settings.registries };
  }

  pull(reference: string, options: PullOptions = {}): Promise<PullResult> {
    const what = `the pull of ${reference}`;
    return abortable(options.signal, what, () => this.#pull(reference, options));
  }

  async #pull(reference: string, options: PullOptions): Promise<PullResult> {
    const { pullImage } = await import('../../image/transfer/pull.js');
    const { platform, onProgress, signal } = options;
    using lease = this.database().leases.open();
    const pulled = await pullImage(this.home, reference, {
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
      registries: this.settings.registries,
      ...(await this.settings.registryOptions()),
      keep: (digests) => lease.keep(digests),
      limits: this.settings.layerLimits,
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
    const { image } = pulled;
    const before = this.database().images.get(pulled.reference);
    const { reference: name, digest } = pulled;
    this.database().images.put(
      { ...recordOf(image), reference: name, indexDigest: digest },
      'pull',
    );
    return {
      reference: pulled.reference,
      digest: pulled.digest,
      imageId: image.configDigest,
      upToDate: before?.manifestDigest === image.manifestDigest,
    };
  }

  async tags(repository: string, signal?: AbortSignal): Promise<string[]> {
    const { listTags } = await import('../../image/transfer/list-tags.js');
    return listTags(repository, {
      registries: this.settings.registries,
      ...(await this.settings.registryOptions()),
      ...(signal ? { signal } : {}),
    });
  }

  /** The image for a new box: from the store, or pulled according to the policy. */
  async obtain(
    reference: string,
    policy: 'missing' | 'always' | 'never',
    options: PullOptions,
  ): Promise<StoredImage> {
    const wanted = options.platform === undefined ? undefined : parsePlatform(options.platform);
    if (policy !== 'always') {
      const answers = ({ platform }: ImageRecord): boolean =>
        wanted === undefined || answersTo(readPlatform(platform), wanted);
      const { registries } = this.settings;
      const record = findImage(this.database(), reference, registries, answers)?.image;
      if (record && answers(record)) return this.#read(reference, record.manifestDigest);
      if (policy === 'never')
        throw record && wanted
          ? noImageFor(reference, record.platform, formatPlatform(wanted))
          : noSuchImage(reference);
    }
    const { reference: name } = await this.pull(reference, options);
    const record = this.database().images.get(name);
    if (!record) throw noSuchImage(reference);
    return this.#read(reference, record.manifestDigest);
  }

  /**
   * Records a box that needs the image and has others mounted, and checks in the same transaction that they
   * still exist. Of a mounted one it may be another box that keeps its files.
   * @throws BoxliteError `image-not-found` when one was removed meanwhile
   */
  holding<T>(
    reference: string,
    manifestDigest: string,
    mounted: readonly ImageMount[],
    record: () => T,
  ): T {
    const database = this.database();
    return database.write(() => {
      if (!database.images.getImage(manifestDigest)) throw noSuchImage(reference);
      for (const mount of mounted)
        if (!database.images.getImage(mount.manifestDigest) && !isInBox(database, mount))
          throw noSuchImage(mount.image);
      return record();
    });
  }

  /** The number of names, plus that of images without a name. */
  count(): number {
    const { named, dangling } = this.#records();
    return named.length + dangling.length;
  }

  /** Newest first; images without a name come last. */
  async list(): Promise<ImageInfo[]> {
    const { named, dangling } = this.#records();
    const sizes = new ImageSizes(this.home);
    const list: ImageInfo[] = [];
    for (const record of named) list.push(infoOf(record, await sizes.sizeOf(record), record));
    for (const record of dangling) list.push(infoOf(record, await sizes.sizeOf(record)));
    return list;
  }

  async inspect(reference: string): Promise<ImageDetails | undefined> {
    const record = this.find(reference);
    if (!record) return undefined;
    const { config } = await readImage(this.home, record.manifestDigest);
    const references = this.database().images.referencesOfId(record.imageId);
    return {
      ...infoOf(record, await new ImageSizes(this.home).sizeOf(record), references[0]),
      config,
      layers: config.diffIds,
      references: references.map((entry) => entry.reference),
      repoDigests: repoDigests(references),
      lastTaggedAt: lastTagged(references),
    };
  }

  /** @throws BoxliteError `image-not-found`, `image-corrupt` */
  async history(reference: string): Promise<HistoryLine[]> {
    const { imageHistory } = await import('./history.js');
    const record = this.find(reference);
    if (!record) throw noSuchImage(reference);
    return imageHistory(this.home, await readImage(this.home, record.manifestDigest));
  }

  async load(
    source: string | AsyncIterable<Uint8Array>,
    options: LoadOptions = {},
  ): Promise<LoadedImage[]> {
    const { loadArchive } = await import('../../image/transfer/load.js');
    using lease = this.database().leases.open();
    const { platform } = options;
    const loaded = await loadArchive(this.home, source, {
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
      ...(options.single === true ? { single: true } : {}),
      layerOf: (diffId) => knownLayer(this.#store, diffId),
      keep: (digests) => lease.keep(digests),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
      limits: this.settings.layerLimits,
    });
    return loaded.map(({ references, image }) => this.#record(references, image));
  }

  /**
   * The archive of images by name (a repository alone means all its tags) or id.
   * @throws BoxliteError `image-not-found` before the first byte, `image-corrupt`
   */
  async save(
    names: readonly string[],
    format: ArchiveFormat = 'docker-archive',
  ): Promise<AsyncIterable<Uint8Array>> {
    const { imagesToSave, savedBytes } = await import('./save.js');
    return savedBytes(this.#store, imagesToSave(this.#store, names), format);
  }

  async import(source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<string> {
    const { importRootfs } = await import('../../image/transfer/import.js');
    const { reference, platform, ...rest } = options;
    // Rejects a malformed name before anything is read.
    const name = reference === undefined ? undefined : givenName(reference);
    using lease = this.database().leases.open();
    const image = await importRootfs(this.home, source, {
      ...rest,
      keep: (digests) => lease.keep(digests),
      limits: this.settings.layerLimits,
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    });
    return this.#keepAs(name, image, 'import');
  }

  /** Makes an image from another image and a layer; see `commitBox`. @returns its id */
  async commit(request: CommitRequest): Promise<string> {
    const { commitImage } = await import('../../image/transfer/commit.js');
    const { reference, manifestDigest } = request;
    const name = reference === undefined ? undefined : givenName(reference);
    if (manifestDigest === null) throw noSuchImage(request.image);
    using lease = this.database().leases.open();
    const image = await commitImage(this.home, await readImage(this.home, manifestDigest), {
      layer: request.layer,
      run: request.run,
      changes: request.changes ?? [],
      message: request.message ?? '',
      author: request.author ?? '',
      keep: (digests) => lease.keep(digests),
      limits: this.settings.layerLimits,
    });
    return this.#keepAs(name, image);
  }

  /**
   * Gives an image another name. A short name that exists moves, as in Docker; a new one is local, so it
   * becomes `localhost/NAME`.
   * @throws BoxliteError `image-not-found`, `invalid-reference`
   */
  tag(source: string, target: string): void {
    const { images } = this.database();
    const fresh = givenName(target);
    const taken = storedNames(target, this.settings.registries).find((name) => images.get(name));
    this.database().writeToDisk(() => {
      const record = this.find(source);
      if (!record) throw noSuchImage(source);
      images.put({ ...record, reference: taken ?? fresh, indexDigest: null }, 'tag');
    });
  }

  async remove(text: string, options: RemoveImageOptions = {}): Promise<RemovedImage> {
    const { removeImage } = await import('./removal.js');
    return removeImage(this.#store, text, options);
  }

  async prune(options: PruneOptions = {}): Promise<RemovedImage> {
    const { pruneImages } = await import('./prune.js');
    return withReserve(this.home, () => pruneImages(this.#store, options));
  }

  async diskUsage(): Promise<DiskUsage> {
    const { diskUsage } = await import('./disk-usage.js');
    return diskUsage(this.#store);
  }

  /** By name, or by an unambiguous prefix of its id. */
  find(text: string): ImageRecord | undefined {
    return findImage(this.database(), text, this.settings.registries)?.image;
  }

  #records(): { named: ImageReference[]; dangling: ImageRecord[] } {
    const { images } = this.database();
    const named = images.list();
    const ids = new Set(named.map(({ imageId }) => imageId));
    // A second manifest of a named image is not a second image.
    return { named, dangling: images.dangling().filter(({ imageId }) => !ids.has(imageId)) };
  }

  /** An image that is removed while it is read is not damaged. */
  async #read(reference: string, manifestDigest: string): Promise<StoredImage> {
    try {
      return await readImage(this.home, manifestDigest);
    } catch (error) {
      if (this.database().images.getImage(manifestDigest)) throw error;
      throw noSuchImage(reference);
    }
  }

  #keepAs(name: string | undefined, image: StoredImage, action?: 'import'): string {
    const record = recordOf(image);
    if (name === undefined) this.database().images.add(record);
    else this.database().images.put({ ...record, reference: name, indexDigest: null }, action);
    return image.configDigest;
  }

  #record(references: readonly string[], image: StoredImage): LoadedImage {
    const record = recordOf(image);
    const names = references.map(localOrFull);
    const { images } = this.database();
    const displaced = this.database().writeToDisk(() => {
      images.add(record);
      return names.flatMap((reference) => {
        const before = images.put({ ...record, reference, indexDigest: null }, 'load');
        const other = before !== undefined && before.imageId !== record.imageId;
        return other ? [{ reference, id: before.imageId }] : [];
      });
    });
    return { references: names, id: image.configDigest, displaced };
  }
}

/** Names in an archive are full, or short names of somebody's local images. */
function localOrFull(reference: string): string {
  const parsed = parseReference(reference);
  return parsed.registry === undefined
    ? localName(reference)
    : canonicalName({ ...parsed, registry: parsed.registry });
}
