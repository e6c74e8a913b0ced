import type { BootstrapValues } from '../../../agent/client.js';
import { MOUNT_KINDS } from '../../../agent/protocol.js';
import type { VolumeRecord } from '../../../store/volumes.js';
import { volumeSerial } from '../../../vmm/driver.js';
import { MOUNT_FLAGS, parseTmpfsOptions } from '../../spec/tmpfs.js';
import type { BoxTmpfs } from '../../spec/volumes.js';
import { type ImageMount, mountedImages } from '../../spec/volumes/box-volume.js';
import type { DiskMount, Share } from './places.js';

interface BoxMounts {
  shares: readonly Share[];
  /** The only share is exported itself. */
  direct: boolean;
  diskMounts: readonly DiskMount[];
  /** Each in the slot of its index. */
  disks: readonly VolumeRecord[];
  /** Each image in the slot behind the disks. */
  images: readonly ImageMount[];
  tmpfs: readonly BoxTmpfs[];
}

/** With a target that is text, by which they are put in order. */
type MountRequest = BootstrapValues['mounts'][number] & { target: string };

/** What the agent is to mount. Outer mounts come first: a mount inside another must come after it. */
export function mountRequests(mounts: BoxMounts): BootstrapValues['mounts'] {
  return [
    ...shareRequests(mounts.shares, mounts.direct),
    ...diskRequests(mounts.diskMounts, mounts.disks),
    ...imageRequests(mounts.images, mounts.disks.length),
    ...tmpfsRequests(mounts.tmpfs),
  ].sort((a, b) => depth(a.target) - depth(b.target));
}

function shareRequests(shares: readonly Share[], direct: boolean): MountRequest[] {
  return shares.map(({ target, readOnly, watch, volume = '', subpath = '', copyUp }, index) => ({
    kind: MOUNT_KINDS.SHARE,
    source: direct ? '.' : String(index),
    target,
    flags: flagsOf(readOnly),
    options: volume,
    subpath,
    copyUp: Number(copyUp),
    notify: watch === true ? index + 1 : 0,
  }));
}

function diskRequests(
  mounts: readonly DiskMount[],
  disks: readonly VolumeRecord[],
): MountRequest[] {
  return mounts.map(({ volume: { name }, target, readOnly, subpath = '', copyUp }) => ({
    kind: MOUNT_KINDS.DISK,
    source: volumeSerial(disks.findIndex((disk) => disk.name === name)),
    target,
    flags: flagsOf(readOnly),
    options: name,
    subpath,
    copyUp: Number(copyUp),
    notify: 0,
  }));
}

function imageRequests(mounts: readonly ImageMount[], firstSlot: number): MountRequest[] {
  const digests = mountedImages(mounts).map(({ manifestDigest }) => manifestDigest);
  return mounts.map(({ image, manifestDigest, target, subpath = '' }) => ({
    kind: MOUNT_KINDS.IMAGE,
    source: volumeSerial(firstSlot + digests.indexOf(manifestDigest)),
    target,
    flags: flagsOf(true),
    options: image,
    subpath,
    copyUp: 0,
    notify: 0,
  }));
}

const flagsOf = (readOnly: boolean): number =>
  MOUNT_FLAGS.NODEV | (readOnly ? MOUNT_FLAGS.RDONLY : 0);

function tmpfsRequests(tmpfs: readonly BoxTmpfs[]): MountRequest[] {
  return tmpfs.map(({ target, options }) => {
    const { flags, data } = parseTmpfsOptions(options);
    const nothing = { source: '', subpath: '', copyUp: 0, notify: 0 };
    return { ...nothing, kind: MOUNT_KINDS.TMPFS, target, flags, options: data };
  });
}

const depth = (path: string): number => path.split('/').length;
