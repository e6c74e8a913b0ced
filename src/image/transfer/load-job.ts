import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { Platform } from '../oci/platform.js';
import type { StoredImage } from '../store/image-record.js';
import type { Keep } from '../store/keep.js';
import type { LayerLimits } from '../store/layer-limits.js';
import type { ArchiveSource } from './archive-source.js';
import type { LoadOptions } from './load.js';
import type { LayerEvent } from './pull-layer.js';

export interface LoadedImage {
  /** Full names, `docker.io/library/alpine:latest`; empty when the archive has none. */
  references: string[];
  /** Digest of the archive's entry: an index or a manifest. */
  digest: string;
  image: StoredImage;
}

/** What the readers of both formats need. */
export interface LoadJob {
  home: Home;
  archive: ArchiveSource;
  /** The archive, for messages. */
  what: string;
  /** Repository for images that come with a bare tag. */
  fallbackName: string | undefined;
  platform: Platform;
  single: boolean;
  layerOf: NonNullable<LoadOptions['layerOf']>;
  onProgress: ((event: LayerEvent) => void) | undefined;
  keep: Keep;
  signal: AbortSignal | undefined;
  limits: LayerLimits | undefined;
}

/** @throws BoxliteError `invalid-argument` when the caller wants one image and there are more */
export function checkSingle({ single, what }: LoadJob, count: number): void {
  if (!single || count === 1) return;
  throw new BoxliteError('invalid-argument', `${what} holds ${count} images, not one`, {
    hint: 'name the image that is meant, after you load all',
    remedy: { action: 'load' },
  });
}
