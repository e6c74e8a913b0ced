/** How a box reaches its volumes: shared ones and paths of the host by the 9p export, disks in slots. */
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf, fileError } from '../../../errors.js';
import type { Home } from '../../../host/home.js';
import type { Database } from '../../../store/database.js';
import type { VolumeRecord } from '../../../store/volumes.js';
import { type BoxVolume, isImageMount, isVolumeMount } from '../../spec/volumes/box-volume.js';
import type { CopyLocks } from './copy-up.js';

/** Where volumes are, and what is known about them. */
export interface VolumeStore {
  home: Home;
  database: () => Database;
  /** Is told what is wrong with a volume that can be used all the same. */
  onNotice?: (message: string) => void;
}

/** For a box's first start: empty volumes get what its image has. */
export interface CopyingUp {
  locks: CopyLocks;
  signal?: AbortSignal | undefined;
}

/** What the box gets by the 9p export. */
export interface Share {
  path: string;
  target: string;
  readOnly: boolean;
  watch?: true;
  /** The volume's name; undefined for a path of the host. */
  volume?: string;
  subpath?: string;
  copyUp: boolean;
}

/** What it gets as a block device. */
export interface DiskMount {
  volume: VolumeRecord;
  target: string;
  readOnly: boolean;
  subpath?: string;
  copyUp: boolean;
}

export interface VolumePlaces {
  shares: Share[];
  diskMounts: DiskMount[];
}

/** A volume's path is found at each start, since a home may move. */
export async function volumePlaces(
  mounts: readonly BoxVolume[],
  { home, database }: VolumeStore,
  copying: CopyingUp | undefined,
): Promise<VolumePlaces> {
  const shares: Share[] = [];
  const diskMounts: DiskMount[] = [];
  // By name, so that two boxes never wait for each other's locks.
  for (const mount of [...mounts].sort(byName)) {
    const { target, readOnly } = mount;
    if (isImageMount(mount)) continue;
    const watch = mount.watch === true && ({ watch: true } as const);
    if (!isVolumeMount(mount)) {
      shares.push({ path: mount.path, target, readOnly, ...watch, copyUp: false });
      continue;
    }
    const { name, noCopy, subpath } = mount;
    const place = { target, readOnly, ...(subpath !== undefined && { subpath }) };
    const volume = database().volumes.get(name);
    if (volume?.kind === 'disk') {
      // Read-only as well: a disk is the guest's to write to, whatever its mount says.
      diskMounts.push({ ...place, volume, copyUp: copying !== undefined && !noCopy });
      continue;
    }
    const path = await dataOf(home, name);
    // What is read-only is never exported writable; the host can't see cheaply whether a part is empty.
    const copies = copying !== undefined && !noCopy && !readOnly && subpath === undefined;
    const copyUp = copies && (await copying.locks.take(database(), name, path, copying.signal));
    shares.push({ ...place, ...watch, path, volume: name, copyUp });
  }
  return { shares, diskMounts };
}

/** The shim follows no link: a home may be reached through one, the volume's files may not. */
async function dataOf(home: Home, name: string): Promise<string> {
  const path = home.volumeData(name);
  try {
    return join(await realpath(home.volume(name)), basename(path));
  } catch (error) {
    // Whoever opens it says that it is gone.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return path;
    throw fileError(error, `use volume ${name}`);
  }
}

const nameOf = (mount: BoxVolume): string => (isVolumeMount(mount) ? mount.name : '');
const byName = (a: BoxVolume, b: BoxVolume): number =>
  Number(nameOf(a) > nameOf(b)) - Number(nameOf(a) < nameOf(b));

/** A disk that is mounted at several places is one disk. */
export function disksOf(mounts: readonly DiskMount[]): VolumeRecord[] {
  const byVolume = new Map(mounts.map(({ volume }) => [volume.name, volume]));
  return [...byVolume.values()];
}
