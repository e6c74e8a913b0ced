/** Options and results of pulling, loading, importing and making images. */
import type { RegistryOptions } from '../../image/registry/options.js';
import type { LayerLimits } from '../../image/store/layer-limits.js';
import type { CommitRequest as CommitImageRequest } from '../../image/transfer/commit.js';
import type { LoadEvent } from '../../image/transfer/load.js';
import type { PullEvent } from '../../image/transfer/pull.js';
import type { CommitOptions } from '../spec/options.js';

export interface ImageSettings {
  registries: readonly string[];
  /** How to reach registries; each pull asks again. */
  registryOptions: () => Promise<RegistryOptions>;
  layerLimits: LayerLimits;
}

export interface PullOptions {
  /** os/architecture[/variant]; default this machine's. */
  platform?: string;
  onProgress?: (event: PullEvent) => void;
  /** Aborts the pull, with `cancelled`; the next pull resumes it. */
  signal?: AbortSignal | undefined;
}

export interface PullResult {
  /** Canonical: `docker.io/library/alpine:latest`. */
  reference: string;
  /** Digest of the index or manifest that the tag names. */
  digest: string;
  imageId: string;
  /** The store had the image already. */
  upToDate: boolean;
}

export interface LoadedImage {
  /** Canonical. */
  references: string[];
  id: string;
  /** Names that belonged to another image before. */
  displaced: { reference: string; id: string }[];
}

export interface LoadOptions {
  /** os/architecture[/variant] to choose from a multi-platform image; default this machine's. */
  platform?: string;
  /** Refuse an archive of several images, before any of them is stored. */
  single?: boolean;
  onProgress?: (event: LoadEvent) => void;
  /** Aborts the load, with `cancelled`. */
  signal?: AbortSignal | undefined;
}

export interface ImportOptions {
  reference?: string;
  /** Docker's `--change` instructions. */
  changes?: string[];
  message?: string;
  platform?: string;
}

export interface CommitRequest extends CommitOptions {
  manifestDigest: string | null;
  /** The box's image, as the user wrote it. */
  image: string;
  run: CommitImageRequest['run'];
  layer: AsyncIterable<Uint8Array>;
}
