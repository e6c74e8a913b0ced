import type { Home } from '../../host/home.js';
import type { VolumeUse } from '../../store/volume-uses.js';
import type { VolumeKind, VolumeRecord } from '../../store/volumes.js';
import type { EngineContext } from '../state/context.js';

export type { VolumeKind } from '../../store/volumes.js';

/** A volume at the time of the call; plain values that do not change later. */
export interface VolumeInfo {
  name: string;
  /** `shared`: a directory of the host, for any number of boxes at once; `disk`: a file system for one. */
  kind: VolumeKind;
  /** Created without a name. */
  anonymous: boolean;
  /** Where its files are on the host; for a disk, its file, which exists from its first use on. */
  mountpoint: string;
  labels: Readonly<Record<string, string>>;
  /** As they were given when it was created. */
  options: Readonly<Record<string, string>>;
  /** Size of a disk; undefined for a directory. */
  sizeBytes?: number;
  createdAt: Date;
  /** Ids of the boxes that have it, whether they run or not. */
  boxes: readonly string[];
}

export function volumeInfo({ home, database }: EngineContext, record: VolumeRecord): VolumeInfo {
  return infoOf(home, record, database().volumeUses.ofVolume(record.name));
}

/** All of the home, by name. */
export function listVolumes({ home, database }: Pick<EngineContext, 'home' | 'database'>) {
  return database()
    .volumes.list()
    .map((record) => infoOf(home, record, database().volumeUses.ofVolume(record.name)));
}

/** Where the files of a volume are on the host. */
export function mountpoint({ home, database }: EngineContext, name: string): string {
  return mountpointOf(home, name, database().volumes.get(name)?.kind ?? 'shared');
}

const mountpointOf = (home: Home, name: string, kind: VolumeKind): string =>
  kind === 'disk' ? home.volumeDisk(name) : home.volumeData(name);

function infoOf(home: Home, record: VolumeRecord, uses: readonly VolumeUse[]): VolumeInfo {
  const { name, kind, anonymous, labels, options, sizeBytes, createdAt } = record;
  return {
    ...{ name, kind, anonymous, labels, options },
    mountpoint: mountpointOf(home, name, kind),
    ...(sizeBytes !== null && { sizeBytes }),
    createdAt: new Date(createdAt),
    boxes: [...new Set(uses.map(({ boxId }) => boxId))],
  };
}
