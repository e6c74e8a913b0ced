import type { VolumeKind } from '../../../store/volumes.js';

/** The values of `type` among a volume's options; the first one is the default. */
export const VOLUME_TYPES = ['shared', 'disk'] as const satisfies readonly VolumeKind[];
