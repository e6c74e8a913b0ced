import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { specOf } from '../spec/stored-spec.js';
import { type ImageMount, type MountedImage, mountedImages } from '../spec/volumes/box-volume.js';

/** The images that a box needs: the one it was created from, and those that are mounted in it. */
export function imagesOfBox({ manifestDigest, imageId, options }: BoxRecord): MountedImage[] {
  const { diffIds, volumes } = specOf(options);
  const own = manifestDigest === null ? [] : [{ manifestDigest, imageId: imageId ?? '', diffIds }];
  return [...own, ...mountedImages(volumes)];
}

/** Whether a box needs the image. */
export function isInBox(database: Database, { manifestDigest }: ImageMount): boolean {
  return database.boxes
    .list()
    .flatMap(imagesOfBox)
    .some((each) => each.manifestDigest === manifestDigest);
}
