/** The block devices of every machine: the image, its own disk, and the slots of disk volumes. */
import {
  extentFdset,
  type MachineFiles,
  type PassedFile,
  SLOT_BYTES,
  VOLUME_SLOTS,
  volumeSerial,
} from '../driver.js';

/** Descriptor numbers as QEMU sees them. */
export const DISK_FDS = { image: 17, disk: 18, firstVolume: 24, firstExtent: 32 } as const;

const FDSET = { image: 1, disk: 2, firstVolume: 3 } as const;

const LAST_SLOT = VOLUME_SLOTS - 1;

/** The node that the image's device reads from; its `file` can change while the machine is stopped. */
export const IMAGE_NODE = { driver: 'raw', 'node-name': 'image', 'read-only': true } as const;

/** The guest gets an error if the host's disk is full; by default QEMU would stop the machine permanently. */
const REPORT_ERRORS = 'werror=report,rerror=report';

export function diskFiles({
  image,
  disk,
  volumes = [],
  mountedImages = [],
  modules,
  extents,
}: MachineFiles): PassedFile[] {
  const allExtents = [extents, ...mountedImages.map((each) => each.extents)].flat();
  const firstImage = DISK_FDS.firstVolume + volumes.length;
  return [
    { fd: DISK_FDS.image, path: image, write: false },
    { fd: DISK_FDS.disk, path: disk, write: true },
    ...volumes.map((path, slot) => ({ fd: DISK_FDS.firstVolume + slot, path, write: true })),
    ...mountedImages.map((each, i) => ({ fd: firstImage + i, path: each.image, write: false })),
    ...(modules === undefined
      ? []
      : [{ fd: DISK_FDS.firstVolume + LAST_SLOT, path: modules, write: false }]),
    ...allExtents.map((path, i) => ({ fd: DISK_FDS.firstExtent + i, path, write: false })),
  ];
}

export function diskArguments({
  extents,
  volumes = [],
  mountedImages = [],
  modules,
}: MachineFiles): string[] {
  const used = [...volumes, ...mountedImages].map((_, slot) => slot);
  if (modules !== undefined) used.push(LAST_SLOT);
  const file = blockFile(FDSET.image, true);
  const image = { ...IMAGE_NODE, file: extents.length > 0 ? joined(FDSET.image) : file };
  const fdsets = [extents, ...mountedImages.map((each) => each.extents)].flatMap((each, image) =>
    each.map((_, i) => extentFdset(i, image)),
  );
  return [
    ...addFd(DISK_FDS.image, FDSET.image),
    ...addFd(DISK_FDS.disk, FDSET.disk),
    ...used.flatMap((slot) => addFd(DISK_FDS.firstVolume + slot, FDSET.firstVolume + slot)),
    ...fdsets.flatMap((fdset, i) => addFd(DISK_FDS.firstExtent + i, fdset)),
    ...['-blockdev', JSON.stringify(image)],
    ...['-device', 'virtio-blk-device,drive=image,serial=image'],
    ...disk('disk', writable(fileOf(FDSET.disk))),
    ...slots(volumes.length, mountedImages.length, modules !== undefined),
  ];
}

/**
 * Each machine has all of them, so that a template fits boxes with disk volumes and without. The null device
 * behind an empty slot needs no file and keeps nothing. It must read as zeroes: by default its reads return
 * whatever QEMU's memory holds.
 */
function slots(volumes: number, images: number, hasModules: boolean): string[] {
  const empty = { driver: 'null-co', size: SLOT_BYTES, 'read-zeroes': true };
  const modules = { 'read-only': true, file: blockFile(FDSET.firstVolume + LAST_SLOT, true) };
  return Array.from({ length: VOLUME_SLOTS }, (_, slot) => {
    const serial = volumeSerial(slot);
    if (hasModules && slot === LAST_SLOT) return disk(serial, modules);
    if (slot >= volumes && slot < volumes + images)
      return disk(serial, { 'read-only': true, file: joined(FDSET.firstVolume + slot) });
    return disk(serial, writable(slot < volumes ? fileOf(FDSET.firstVolume + slot) : empty));
  }).flat();
}

/** Of a descriptor, whose extents are read-only with it. */
const joined = (fdset: number): object => ({
  ...{ driver: 'vmdk', 'read-only': true, file: blockFile(fdset, true) },
});

function disk(name: string, options: object): string[] {
  const node = { driver: 'raw', 'node-name': name, ...options };
  return [
    ...['-blockdev', JSON.stringify(node)],
    ...['-device', `virtio-blk-device,drive=${name},serial=${name},${REPORT_ERRORS}`],
  ];
}

const writable = (file: object): object => ({ discard: 'unmap', file });

const fileOf = (fdset: number): object => ({ ...blockFile(fdset, false), discard: 'unmap' });

/** The shim locks the disk; QEMU's own locks would prevent sharing an image's layers. */
function blockFile(fdset: number, readOnly: boolean): object {
  return {
    driver: 'file',
    filename: `/dev/fdset/${fdset}`,
    'read-only': readOnly,
    locking: 'off',
  };
}

const addFd = (fd: number, set: number): string[] => ['-add-fd', `fd=${fd},set=${set}`];
