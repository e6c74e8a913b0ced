import { BoxliteError } from '../errors.js';
import { showName } from './layer-error.js';

/** Bounds on what a small blob may blow up to: a gzip bomb of 10 MB unpacks to 10 GB. */
export interface LayerLimits {
  /** Bytes of the uncompressed tar, and of all contents with the holes of sparse files. */
  bytes: number;
  entries: number;
}

export const DEFAULT_LAYER_LIMITS: LayerLimits = { bytes: 64 * 2 ** 30, entries: 2_000_000 };

/** How users know a limit: its key in the configuration file, and its variable. */
const SETTINGS: Readonly<Record<keyof LayerLimits, { key: string; variable: string }>> = {
  bytes: { key: 'maxLayerSize', variable: 'BOXLITE_MAX_LAYER_SIZE' },
  entries: { key: 'maxLayerEntries', variable: 'BOXLITE_MAX_LAYER_ENTRIES' },
};

/** A layer that is over a limit, which the user may raise: code 'layer-invalid'. */
export class LayerLimitError extends BoxliteError {
  constructor(name: string, limit: keyof LayerLimits, limits: LayerLimits) {
    const { key, variable } = SETTINGS[limit];
    const rule = {
      bytes: `the layer unpacks to more than ${limits.bytes} bytes`,
      entries: `the layer has more than ${limits.entries} entries`,
    }[limit];
    super('layer-invalid', `layer entry ${showName(name)}: ${rule}, which is the limit ${key}`, {
      hint: `if you trust the image, raise "${key}" in the configuration file or ${variable}`,
    });
  }
}
