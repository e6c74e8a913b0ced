import { mkdir, rm } from 'node:fs/promises';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { temporaryPath } from '../../image/store/content-store.js';
import { type ImageParts, readIndexes, readParts } from '../../image/store/image-parts.js';
import {
  diskName,
  pathsWithout,
  type StoreParts,
  takeAway,
} from '../../image/store/store-files.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { dropTemplate, listTemplates } from '../../vmm/template/template.js';
import { imagesOfBox } from '../state/images-of-box.js';

interface Store {
  home: Home;
  database: () => Database;
}

/**
 * The parts of images and indexes, by digest. They never change, so they are read once. A damaged image, or
 * one removed during the read, has an entry without parts and is read again next time.
 */
export class Parts {
  readonly images = new Map<string, ImageParts | undefined>();
  readonly indexes = new Map<string, string[]>();

  /** Reads the parts of all images in the database. */
  async read({ home, database }: Store): Promise<void> {
    for (const { manifestDigest } of database().images.all())
      if (this.images.get(manifestDigest) === undefined)
        this.images.set(manifestDigest, await readParts(home, manifestDigest));
    for (const { indexDigest } of database().images.list())
      if (indexDigest !== null && !this.indexes.has(indexDigest))
        this.indexes.set(indexDigest, await readIndexes(home, indexDigest));
  }
}

/** The parts to drop when images and their names are removed, unless another image or box needs them. */
export function partsToDrop(
  parts: Parts,
  manifestDigests: readonly string[],
  indexDigests: readonly string[],
): StoreParts {
  const images = manifestDigests.map((digest) => parts.images.get(digest));
  return {
    blobs: new Set([
      ...manifestDigests,
      ...images.flatMap((image) => image?.blobs ?? []),
      ...indexDigests.flatMap((digest) => parts.indexes.get(digest) ?? []),
    ]),
    layers: new Set(images.flatMap((image) => image?.diffIds ?? [])),
    disks: new Set(manifestDigests.map(diskName)),
  };
}

/**
 * Deletes those of the given parts that nothing needs: no image, no box (its image may be gone), and no
 * running pull, load or import of any process. The check and the removal are one transaction, so no process
 * can start to need a part in between.
 * @returns bytes of disk freed
 */
export async function sweepParts(store: Store, drop: StoreParts): Promise<number> {
  const { home, database } = store;
  const parts = new Parts();
  const trash = await makeTrash(home);
  let gone = new Set<string>();
  try {
    for (let unknown = 0; unknown < 2;) {
      await parts.read(store);
      const result = database().write(() => {
        const needed = neededParts(database(), parts);
        if (typeof needed === 'string') return needed;
        gone = new Set([...drop.disks].filter((name) => !needed.disks.has(name)));
        return takeAway(pathsWithout(home, drop, needed), trash);
      });
      if (typeof result === 'number') return result + (await dropTemplatesOf(home, gone));
      // An image removed during the read only looks damaged; a second read shows which.
      if (result === 'unknown') unknown++;
    }
    return 0;
  } finally {
    if (trash !== undefined) await rm(trash, { recursive: true, force: true });
  }
}

/** After the last box of an already removed image is gone, deletes what it needed. */
export async function sweepAfterBox(store: Store, box: BoxRecord): Promise<void> {
  for (const { manifestDigest, diffIds } of imagesOfBox(box)) {
    if (store.database().images.getImage(manifestDigest)) continue;
    await sweepParts(store, {
      blobs: new Set([manifestDigest]),
      layers: new Set(diffIds),
      disks: new Set([diskName(manifestDigest)]),
    });
  }
}

/**
 * @returns `unread` when an image was recorded since the parts were read; `unknown` when one is damaged, so
 *   its parts are unknown and everything has to stay
 */
function neededParts(database: Database, parts: Parts): StoreParts | 'unread' | 'unknown' {
  const blobs = database.leases.kept();
  const layers = new Set(blobs);
  const disks = new Set<string>();
  for (const { manifestDigest } of database.images.all()) {
    if (!parts.images.has(manifestDigest)) return 'unread';
    const image = parts.images.get(manifestDigest);
    if (image === undefined) return 'unknown';
    for (const digest of image.blobs) blobs.add(digest);
    for (const diffId of image.diffIds) layers.add(diffId);
    disks.add(diskName(manifestDigest));
  }
  for (const { indexDigest } of database.images.list()) {
    if (indexDigest === null) continue;
    const chain = parts.indexes.get(indexDigest);
    if (chain === undefined) return 'unread';
    for (const digest of chain) blobs.add(digest);
  }
  for (const { manifestDigest, diffIds } of database.boxes.list().flatMap(imagesOfBox)) {
    blobs.add(manifestDigest);
    for (const diffId of diffIds) layers.add(diffId);
    disks.add(diskName(manifestDigest));
  }
  return { blobs, layers, disks };
}

/** Templates with the disk of a removed image mounted are useless. */
async function dropTemplatesOf(home: Home, disks: ReadonlySet<string>): Promise<number> {
  let freed = 0;
  for (const { key, image, bytes } of await listTemplates(home)) {
    if (image === undefined || !disks.has(diskName(image))) continue;
    await dropTemplate(home, key);
    freed += bytes;
  }
  return freed;
}

/** A full disk may have no space even for a directory; the parts are then deleted in place. */
async function makeTrash(home: Home): Promise<string | undefined> {
  try {
    const trash = temporaryPath(home);
    await mkdir(trash);
    return trash;
  } catch (error) {
    const failure = fileError(error, `make ${home.partial()}`);
    if (failure instanceof BoxliteError && failure.code === 'no-space') return undefined;
    throw failure;
  }
}
