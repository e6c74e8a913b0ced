/** What images are pulled, loaded, imported and made with, and what comes of it. */
import type { RegistryOptions } from '../../image/registry/options.js';
import type { LayerLimits } from '../../image/store/layer-limits.js';
import type { CommitRequest as CommitImageRequest } from '../../image/transfer/commit.js';
import type { LoadEvent } from '../../image/transfer/load.js';
import type { PullEvent } from '../../image/transfer/pull.js';
import type { CommitOptions } from '../spec/options.js';

export interface ImageSettings {
  registries: readonly string[];
  /** How registries are reached; asked for by each pull. */
  registryOptions: () => Promise<RegistryOptions>;
  layerLimits: LayerLimits;
}

export interface PullOptions {
  /** os/architecture[/variant]; default this machine's. */
  platform?: string;
  onProgress?: (event: PullEvent) => void;
  /** Ends the pull, with `cancelled`; the next one goes on where it ended. */
  signal?: AbortSignal | undefined;
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

export interface LoadedImage {
  /** Canonical. */
  references: string[];
  id: string;
  /** Names that were another image's before. */
  displaced: { reference: string; id: string }[];
}

export interface LoadOptions {
  /** os/architecture[/variant] to take of an image for several; default this machine's. */
  platform?: string;
  /** Refuse an archive of several images, before anything of them is stored. */
  single?: boolean;
  onProgress?: (event: LoadEvent) => void;
  /** Ends it, with `cancelled`. */
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
  /** The box's, as the user wrote it. */
  image: string;
  run: CommitImageRequest['run'];
  layer: AsyncIterable<Uint8Array>;
}
