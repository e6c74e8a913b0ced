import { sorted } from '../../../engine/report/inspect-order.js';
import type { VolumeInfo } from '../../../engine/volumes/info.js';
import { VOLUME_DRIVER, VOLUME_SCOPE } from './volume-row.js';

/** A volume under Docker's keys, as `volume inspect` prints it. */
export function volumeInspection(volume: VolumeInfo): object {
  const { name, mountpoint, labels, options, createdAt } = volume;
  return {
    CreatedAt: createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    Driver: VOLUME_DRIVER,
    Labels: sortedOrNull(labels),
    Mountpoint: mountpoint,
    Name: name,
    Options: sortedOrNull(options),
    Scope: VOLUME_SCOPE,
  };
}

/** Docker prints none as null. */
const sortedOrNull = (map: Readonly<Record<string, string>>): object | null =>
  Object.keys(map).length === 0 ? null : sorted(map);
