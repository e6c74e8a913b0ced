import type { Home } from '../home.js';
import type { ImageConfig } from '../image/image-config.js';
import type { StoredImage } from '../image/image-record.js';
import { readImage } from '../image/image-record.js';
import { formatPlatform, hostPlatform, parsePlatform } from '../image/platform.js';
import type { PullEvent } from '../image/pull.js';
import {
  canonicalName,
  familiarName,
  localName,
  parseReference,
  storedNames,
} from '../image/reference.js';
import { BoxliteError } from '../errors.js';
import type { Database } from '../store/database.js';
import type { ImageRecord, ImageReference } from '../store/images.js';

export type { ImageConfig } from '../image/image-config.js';
export type { PullEvent } from '../image/pull.js';

export interface ImageSettings {
  registries: readonly string[];
  insecureRegistries: readonly string[];
}

export interface PullOptions {
  /** os/architecture[/variant]; default this machine's. */
  platform?: string;
  onProgress?: (event: PullEvent) => void;
  signal?: AbortSignal;
}

export interface PullResult {
  /** Canonical: `docker.io/library/alpine:latest`. */
  reference: string;
  /** Of what the tag names: an index or a manifest. */
  digest: string;
  imageId: string;
  /** The store had it already. */
  upToDate: boolean;
}

export interface ImageInfo {
  /** Canonical; undefined for a dangling image. */
  reference: string | undefined;
  /** As people write it: `alpine`, `localhost/busybox`; `<none>` for a dangling image. */
  repository: string;
  tag: string | undefined;
  digest: string;
  /** Digest of the configuration. */
  id: string;
  createdAt: Date;
  sizeBytes: number;
  platform: string;
}

export interface ImageDetails extends ImageInfo {
  config: ImageConfig;
  /** DiffIDs, lowest first. */
  layers: string[];
  references: string[];
}

export interface LoadedImage {
  references: string[];
  id: string;
}

export interface ImportOptions {
  reference?: string;
  /** Docker's `--change` instructions. */
  changes?: string[];
  message?: string;
  platform?: string;
}

/** The images of one home: the content store joined with the database's references. */
export class Images {
  constructor(
    private readonly home: Home,
    private readonly database: () => Database,
    private readonly settings: ImageSettings,
  ) {}

  async pull(reference: string, options: PullOptions = {}): Promise<PullResult> {
    const { pullImage } = await import('../image/pull.js');
    const { platform, onProgress, signal } = options;
    const pulled = await pullImage(this.home, reference, {
      platform: platform === undefined ? hostPlatform() : parsePlatform(platform),
      registries: this.settings.registries,
      insecure: this.settings.insecureRegistries,
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
    const { image } = pulled;
    const before = this.database().images.get(pulled.reference);
    this.database().images.put({
      ...recordOf(image),
      reference: pulled.reference,
      indexDigest: pulled.digest === image.manifestDigest ? null : pulled.digest,
    });
    return {
      reference: pulled.reference,
      digest: pulled.digest,
      imageId: image.configDigest,
      upToDate: before?.manifestDigest === image.manifestDigest,
    };
  }

  /** The image to make a box of: from the store, or pulled as the policy says. */
  async obtain(
    reference: string,
    policy: 'missing' | 'always' | 'never',
    options: PullOptions,
  ): Promise<StoredImage> {
    if (policy !== 'always') {
      const record = this.find(reference);
      if (record && (options.platform === undefined || matches(record.platform, options.platform)))
        return readImage(this.home, record.manifestDigest);
      if (policy === 'never') throw noSuchImage(reference);
    }
    const { reference: name } = await this.pull(reference, options);
    const record = this.database().images.get(name);
    if (!record) throw noSuchImage(reference);
    return readImage(this.home, record.manifestDigest);
  }

  list(): ImageInfo[] {
    const { images } = this.database();
    return [
      ...images.list().map((record) => infoOf(record, record)),
      ...images.dangling().map((record) => infoOf(record)),
    ];
  }

  async inspect(reference: string): Promise<ImageDetails | undefined> {
    const record = this.find(reference);
    if (!record) return undefined;
    const { config } = await readImage(this.home, record.manifestDigest);
    const references = this.database().images.referencesOf(record.manifestDigest);
    return {
      ...infoOf(record, references[0]),
      config,
      layers: config.diffIds,
      references: references.map((entry) => entry.reference),
    };
  }

  async load(source: string | AsyncIterable<Uint8Array>): Promise<LoadedImage[]> {
    const { loadArchive } = await import('../image/load.js');
    const loaded = await loadArchive(this.home, source);
    return loaded.map(({ references, image }) => {
      const record = recordOf(image);
      this.database().images.add(record);
      const names = references.map(localOrFull);
      for (const reference of names)
        this.database().images.put({ ...record, reference, indexDigest: null });
      return { references: names, id: image.configDigest };
    });
  }

  async import(source: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<string> {
    const { importRootfs } = await import('../image/import.js');
    const { reference, platform, ...rest } = options;
    // A malformed name is told before anything is read.
    const name = reference === undefined ? undefined : localName(reference);
    const image = await importRootfs(this.home, source, {
      ...rest,
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    });
    const record = recordOf(image);
    if (name === undefined) this.database().images.add(record);
    else this.database().images.put({ ...record, reference: name, indexDigest: null });
    return image.configDigest;
  }

  /** By reference as the user writes it, or by an unambiguous prefix of its id. */
  find(text: string): ImageRecord | undefined {
    const { images } = this.database();
    if (/^(sha256:)?[0-9a-f]{3,64}$/.test(text)) {
      const found = images.findImages(text);
      if (found.length === 1) return found[0];
    }
    for (const name of storedNames(text, this.settings.registries)) {
      const record = images.get(name);
      if (record) return record;
    }
    return undefined;
  }
}

export function noSuchImage(reference: string): BoxliteError {
  return new BoxliteError('image-not-found', `No such image: ${reference}`, {
    hint: '`boxlite images` lists those in the store, `boxlite pull` gets more',
  });
}

function recordOf(image: StoredImage): ImageRecord {
  const created = Date.parse(image.config.created ?? '');
  return {
    manifestDigest: image.manifestDigest,
    imageId: image.configDigest,
    platform: formatPlatform(image.platform),
    size: image.size,
    createdAt: Number.isNaN(created) ? 0 : created,
  };
}

function infoOf(record: ImageRecord, reference?: ImageReference): ImageInfo {
  const parsed = reference && parseReference(reference.reference);
  const repository =
    parsed?.registry === undefined
      ? '<none>'
      : familiarName({ registry: parsed.registry, repository: parsed.repository });
  return {
    reference: reference?.reference,
    repository,
    tag: parsed?.tag,
    digest: reference?.indexDigest ?? record.manifestDigest,
    id: record.imageId,
    createdAt: new Date(record.createdAt),
    sizeBytes: record.size,
    platform: record.platform,
  };
}

/** An archive's names are full already or short ones of somebody's local images. */
function localOrFull(reference: string): string {
  const parsed = parseReference(reference);
  return parsed.registry === undefined
    ? localName(reference)
    : canonicalName({ ...parsed, registry: parsed.registry });
}

/** `linux/arm64` asks for any variant. */
function matches(have: string, wanted: string): boolean {
  return have === wanted || have.startsWith(`${wanted}/`);
}
