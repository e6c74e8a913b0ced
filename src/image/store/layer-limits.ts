import { BoxliteError } from '../../errors.js';
import { showName } from '../tar/layer-error.js';
import type { BlobDescriptor } from './content-store.js';

/** Bounds on what a small blob may unpack to: a gzip bomb of 10 MB unpacks to 10 GB. */
export interface LayerLimits {
  /** Bytes of the uncompressed tar, and of all contents including the holes of sparse files. */
  bytes: number;
  entries: number;
}

export const DEFAULT_LAYER_LIMITS: LayerLimits = { bytes: 64 * 2 ** 30, entries: 2_000_000 };

/** How users set a limit: its key in the configuration file, and its variable. */
const SETTINGS: Readonly<Record<keyof LayerLimits, { key: string; variable: string }>> = {
  bytes: { key: 'maxLayerSize', variable: 'BOXLITE_MAX_LAYER_SIZE' },
  entries: { key: 'maxLayerEntries', variable: 'BOXLITE_MAX_LAYER_ENTRIES' },
};

/** A layer exceeds a limit, which the user may raise: code 'layer-invalid'. */
export class LayerLimitError extends BoxliteError {
  constructor(fault: string, limit: keyof LayerLimits) {
    const { key, variable } = SETTINGS[limit];
    super('layer-invalid', `${fault}, which is the limit ${key}`, {
      hint: `if you trust the image, raise "${key}" in the configuration file or ${variable}`,
    });
  }
}

/** @param name of the layer's entry that exceeds the limit */
export function overLimit(
  name: string,
  limit: keyof LayerLimits,
  limits: LayerLimits,
): LayerLimitError {
  const rule = {
    bytes: `the layer unpacks to more than ${limits.bytes} bytes`,
    entries: `the layer has more than ${limits.entries} entries`,
  }[limit];
  return new LayerLimitError(`layer entry ${showName(name)}: ${rule}`, limit);
}

/**
 * Refuses a blob by the size in its descriptor, before fetching a byte: a compressed layer is
 * hardly ever larger than its content.
 */
export function checkBlobSize(
  { digest, size }: BlobDescriptor,
  { bytes }: LayerLimits = DEFAULT_LAYER_LIMITS,
): void {
  if (size > bytes)
    throw new LayerLimitError(`layer ${digest} has ${size} bytes, more than ${bytes}`, 'bytes');
}
