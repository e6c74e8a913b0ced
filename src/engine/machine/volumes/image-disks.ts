/** The images that are mounted in a box: read-only disks in the slots behind those of its volumes. */
import { writeFile } from 'node:fs/promises';
import { BoxliteError, fileError } from '../../../errors.js';
import type { Home } from '../../../host/home.js';
import { makePrivateDirectory } from '../../../host/private-files.js';
import { imageDisk } from '../../../image/disk/image-disk.js';
import { vmdkDescriptor } from '../../../image/disk/vmdk.js';
import {
  extentPath,
  type MachineFiles,
  type ReadOnlyDisk,
  VOLUME_SLOTS,
} from '../../../vmm/driver.js';
import type { BoxSpec } from '../../spec/box-spec.js';
import { type BoxVolume, type ImageMount, mountedImages } from '../../spec/volumes/box-volume.js';

/** Most that a machine gets: its shim passes 256 files, of which some are not an image's. */
const MOST_EXTENTS = 230;

/**
 * @param own DiffIDs of the image that the box was created from
 * @throws invalid-argument when the machine of a box can't have so many
 */
export function checkMountedImages(
  mounts: readonly BoxVolume[],
  own: readonly string[],
  disks: number,
): void {
  const images = mountedImages(mounts);
  if (images.length > 0 && images.length + disks > VOLUME_SLOTS)
    throw new BoxliteError(
      'invalid-argument',
      `a box can have ${VOLUME_SLOTS} images and volumes of type disk, not ${images.length + disks}`,
      disks > 0 ? { hint: 'make the volumes with --opt type=shared' } : {},
    );
  const extents = [own, ...images.map(({ diffIds }) => diffIds)]
    .map((diffIds) => new Set(diffIds).size + 2)
    .reduce((sum, each) => sum + each);
  if (images.length > 0 && extents > MOST_EXTENTS)
    throw new BoxliteError(
      'invalid-argument',
      `the images of a box can have ${MOST_EXTENTS} layers together, with 2 added for each, not ${extents}`,
      { hint: 'let a volume take the files of one of them: -v NAME:/path/in/image' },
    );
}

/** The volumes, with the disks of the images, in the order of `mountedImages`; their descriptors are the box's. */
export async function withMountedImages<T extends { files: Pick<MachineFiles, 'mountedImages'> }>(
  home: Home,
  boxId: string,
  { volumes: mounts }: Pick<BoxSpec, 'volumes'>,
  volumes: T,
): Promise<T> {
  const images = mountedImages(mounts);
  if (images.length === 0) return volumes;
  const disks = await Promise.all(images.map((mount, index) => diskOf(home, boxId, mount, index)));
  return { ...volumes, files: { ...volumes.files, mountedImages: disks } };
}

async function diskOf(
  home: Home,
  boxId: string,
  { manifestDigest, diffIds }: ImageMount,
  index: number,
): Promise<ReadOnlyDisk> {
  const { extents } = await imageDisk(home, manifestDigest, diffIds);
  const image = home.boxMountedImage(boxId, index);
  const parts = extents.map(({ sectors }, i) => ({ path: extentPath(i, index + 1), sectors }));
  try {
    makePrivateDirectory(home.box(boxId));
    await writeFile(image, vmdkDescriptor(parts));
  } catch (error) {
    throw fileError(error, `write ${image}`);
  }
  return { image, extents: extents.map(({ path }) => path) };
}
