/** A box's volumes when it starts: the VMM's user, what it exports, what the agent mounts. */
import { stat } from 'node:fs/promises';
import type { BootstrapValues } from '../../agent/client.js';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { MachineFiles, Share as SharedPath } from '../../vmm/driver.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { isImageMount } from '../spec/volumes/box-volume.js';
import type { ShareAccess } from './shim-process.js';
import { askShim } from './vmm/ask-shim.js';
import { vmmIds } from './vmm/ids.js';
import { checkMountedImages } from './volumes/image-disks.js';
import { mountRequests } from './volumes/mount-requests.js';
import {
  type CopyingUp,
  disksOf,
  type Share,
  volumePlaces,
  type VolumeStore,
} from './volumes/places.js';
import { prepareVolumeDisks } from './volumes/volume-disks.js';

export type { VolumeStore };

export interface PreparedVolumes {
  files: Pick<MachineFiles, 'shares' | 'volumes' | 'mountedImages' | 'modules'>;
  /** Undefined for a box to which nothing is exported. */
  access: ShareAccess | undefined;
  mounts: BootstrapValues['mounts'];
  /** Size of the largest disk; 0 without one. */
  largestDiskBytes: number;
}

/**
 * @param copying missing for a box that has started before: no volume is copied into, and its disks are there
 * @throws invalid-argument when a path of the host is missing, path-not-found when a volume's files are,
 *   unsupported when this host allows no way to share it
 */
export async function prepareVolumes(
  spec: BoxSpec,
  store: VolumeStore,
  copying?: CopyingUp,
): Promise<PreparedVolumes> {
  const { shares, diskMounts } = await volumePlaces(spec.volumes, store, copying);
  const disks = disksOf(diskMounts);
  const isFirstStart = copying !== undefined;
  checkMountedImages(spec.volumes, spec.diffIds, disks.length);
  const volumes = await prepareVolumeDisks(store, disks, isFirstStart);
  const largestDiskBytes = Math.max(0, ...disks.map(({ sizeBytes }) => sizeBytes ?? 0));
  const mounts = (direct: boolean): BootstrapValues['mounts'] =>
    mountRequests({
      ...{ shares, direct, diskMounts, disks, tmpfs: spec.tmpfs },
      images: spec.volumes.filter(isImageMount),
    });
  const files = volumes.length === 0 ? {} : { volumes };
  if (shares.length === 0)
    return { files, access: undefined, mounts: mounts(false), largestDiskBytes };
  const kinds = await Promise.all(shares.map(kindOf));
  const ids = vmmIds();
  const direct = ids === undefined && (await mustExportDirectly(shares, kinds));
  return {
    files: { ...files, shares: shares.map(exportOf) },
    access: { ids, direct },
    mounts: mounts(direct),
    largestDiskBytes,
  };
}

const exportOf = ({ path, readOnly, watch }: Share): SharedPath => ({
  path,
  readOnly,
  ...(watch && { watch }),
});

type Kind = 'directory' | 'file';

/** The shim checks again and opens it; this check is for a helpful message. */
async function kindOf({ path, target, volume }: Share): Promise<Kind> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR')
      throw fileError(error, `use ${volume === undefined ? path : `volume ${volume}`}`);
    if (volume !== undefined)
      throw new BoxliteError(
        'path-not-found',
        `the files of volume ${volume} for ${target} are gone: ${path} does not exist`,
        { hint: 'put the directory back, or remove the box and the volume' },
      );
    throw new BoxliteError(
      'invalid-argument',
      `the volume for ${target} is gone from the host: ${path} does not exist`,
      { hint: 'put it back, or remove the box and create it with another path' },
    );
  }
}

/** Without a mount namespace, only a single directory can be exported. */
async function mustExportDirectly(
  volumes: readonly Share[],
  kinds: readonly Kind[],
): Promise<boolean> {
  const refusal = await mountRefusal();
  if (refusal === undefined) return false;
  if (volumes.length === 1 && kinds[0] === 'directory') return true;
  const wanted = volumes.length === 1 ? 'a file as volume' : `${volumes.length} volumes`;
  throw new BoxliteError(
    'unsupported',
    `a box with ${wanted} needs a user namespace, which this host refuses (${refusal})`,
    {
      hint:
        'allow them (sysctl kernel.unprivileged_userns_clone=1, ' +
        'kernel.apparmor_restrict_unprivileged_userns=0), or give the box a single directory',
    },
  );
}

/** Why the shim can't mount here; undefined if it can. Only a trial shows that. */
export async function mountRefusal(): Promise<string | undefined> {
  const { status, text } = await askShim('--check-volumes');
  return status === 0 ? undefined : text;
}
