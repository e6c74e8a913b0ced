import { BoxliteError } from '../../errors.js';
import { chainIds } from '../../image/oci/chain-id.js';
import { parseReference } from '../../image/oci/reference.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import type { ImageRecord, ImageReference } from '../../store/images.js';
import { withReserve } from '../../store/reserve.js';
import { isActive } from '../../store/status.js';
import { imagesOfBox } from '../state/images-of-box.js';
import { observed } from '../state/observe.js';
import { noSuchImage } from './error.js';
import { findImage, repositoryOf } from './find.js';
import type { ImageStore } from './store.js';
import { Parts, partsToDrop, sweepParts } from './sweep.js';

/** One line of a removal's result: a removed name, or a deleted image (its id) or layer (its chain id). */
export type ImageRemoval = { untagged: string } | { deleted: string };

export interface RemoveImageOptions {
  /** Remove it despite several names or a stopped box that uses it; default false. */
  force?: boolean;
}

export interface RemovedImage {
  removals: ImageRemoval[];
  /** Bytes of disk freed. */
  freedBytes: number;
}

/**
 * Removes a name from an image, and deletes the image with its last name; given an id, deletes the image with
 * its only name. What a box needs of a forcibly removed image stays until the box is removed. The rules and
 * the order of the reported lines are those of Docker's image_delete.go.
 * @throws BoxliteError `image-not-found`, `image-in-use` (a box, or several names)
 */
export async function removeImage(
  store: ImageStore,
  text: string,
  { force = false }: RemoveImageOptions,
): Promise<RemovedImage> {
  return settleRemoval(store, (removal) => {
    const found = findImage(removal.database, text, store.registries);
    if (found === undefined) throw noSuchImage(text);
    const group = removal.groupOf(found.image.imageId);
    if (found.reference === undefined) removeById(removal, group, force);
    else removeByName(removal, group, found.reference, { text, force });
  });
}

/**
 * Deletes an image unless a box uses it or, without `named`, it still has a name. A load may name it at any
 * time, so the transaction that deletes it checks both.
 * @param named delete it with all its names, too
 * @returns undefined if the image stays, or was gone already
 */
export async function removeUnused(
  store: ImageStore,
  imageId: string,
  { named }: { named: boolean },
): Promise<RemovedImage | undefined> {
  const removed = await settleRemoval(store, (removal) => {
    const group = removal.groupOf(imageId);
    if (group.images.length === 0 || group.boxes.length > 0) return;
    if (named || group.references.length === 0) removal.deleteAll(group);
  });
  return removed.removals.length === 0 ? undefined : removed;
}

/** An image as users see it: one id, with all its manifests, names and boxes. */
interface Group {
  imageId: string;
  images: ImageRecord[];
  references: ImageReference[];
  boxes: BoxRecord[];
}

/** Decides and updates the records in one transaction, then deletes unneeded files. */
async function settleRemoval(
  store: ImageStore,
  decide: (removal: Removal) => void,
): Promise<RemovedImage> {
  const { home, database } = store;
  const parts = new Parts();
  await parts.read(store);
  // Asking the shims whether their boxes run takes too long for a transaction.
  const boxes = new Map<string, BoxRecord>();
  for (const box of database().boxes.list()) boxes.set(box.id, await observed(home, box));
  const record = (): Removal =>
    database().writeToDisk(() => {
      const attempt = new Removal(database(), parts, boxes);
      decide(attempt);
      return attempt;
    });
  const removal = await withReserve(
    home,
    () => new Promise<Removal>((resolve) => resolve(record())),
  );
  const drop = partsToDrop(parts, removal.gone, removal.lost);
  const freedBytes = await withReserve(home, () => sweepParts(store, drop));
  return { removals: removal.done, freedBytes };
}

class Removal {
  readonly done: ImageRemoval[] = [];
  /** Manifest digests of the deleted images. */
  readonly gone: string[] = [];
  /** Digests that the removed names were pulled at. */
  readonly lost: string[] = [];

  constructor(
    readonly database: Database,
    private readonly parts: Parts,
    /** As observed before the transaction; a box made since then counts as recorded. */
    private readonly boxes: ReadonlyMap<string, BoxRecord>,
  ) {}

  groupOf(imageId: string): Group {
    const { images, boxes } = this.database;
    return {
      imageId,
      images: images.withId(imageId),
      references: images.referencesOfId(imageId),
      boxes: boxes
        .list()
        .filter((box) => imagesOfBox(box).some((image) => image.imageId === imageId))
        .map((box) => this.boxes.get(box.id) ?? box),
    };
  }

  /** Removes a name; with the last tag of a repository, also the digest that it was pulled at. */
  untag(group: Group, reference: ImageReference): void {
    this.forget(reference);
    group.references = group.references.filter((each) => each.reference !== reference.reference);
    if (isByDigest(reference)) return;
    const repository = nameOf(reference);
    const siblings = group.references.filter((each) => nameOf(each) === repository);
    if (siblings.some((each) => !isByDigest(each))) return;
    if (reference.indexDigest !== null)
      this.done.push({ untagged: `${repository}@${reference.indexDigest}` });
    for (const sibling of siblings) this.forget(sibling);
    group.references = group.references.filter((each) => !siblings.includes(each));
  }

  deleteAll(group: Group): void {
    for (const reference of [...group.references])
      if (group.references.includes(reference)) this.untag(group, reference);
    for (const { manifestDigest } of group.images) {
      this.database.images.removeImage(manifestDigest);
      this.gone.push(manifestDigest);
    }
    this.done.push({ deleted: group.imageId });
    for (const chainId of this.orphanedChains(group.images)) this.done.push({ deleted: chainId });
  }

  private forget({ reference, indexDigest }: ImageReference): void {
    this.database.images.remove(reference);
    if (indexDigest !== null) this.lost.push(indexDigest);
    // The digest that a tag was pulled at is reported with the tag, whether it is a name of its own or not.
    if (!this.done.some((line) => 'untagged' in line && line.untagged === reference))
      this.done.push({ untagged: reference });
  }

  /** Chain ids, topmost first, of the layers that no other image and no box uses. */
  private orphanedChains(images: readonly ImageRecord[]): string[] {
    const chainsOf = ({ manifestDigest }: ImageRecord): string[] =>
      chainIds(this.parts.images.get(manifestDigest)?.diffIds ?? []);
    const needed = new Set([
      ...this.database.images.all().flatMap(chainsOf),
      ...this.database.boxes
        .list()
        .flatMap(imagesOfBox)
        .flatMap(({ diffIds }) => chainIds(diffIds)),
    ]);
    const own = new Set(images.flatMap(chainsOf));
    return [...own].reverse().filter((chainId) => !needed.has(chainId));
  }
}

function removeByName(
  removal: Removal,
  group: Group,
  reference: ImageReference,
  { text, force }: { text: string; force: boolean },
): void {
  const [box] = group.boxes;
  if (!force && box !== undefined && isSingle(group.references))
    throw inUse(
      `unable to remove repository reference "${text}" (must force) - ` +
        `box ${boxName(box)} is using its referenced image ${shortId(group.imageId)}`,
    );
  removal.untag(group, reference);
  if (group.references.length > 0) return;
  const conflict = conflictOf(group, force, false);
  // The name is removed as requested. What a box uses stays, without a name.
  if (conflict === undefined) removal.deleteAll(group);
}

function removeById(removal: Removal, group: Group, force: boolean): void {
  const conflict = conflictOf(group, force, !isSingle(group.references));
  if (conflict !== undefined) throw conflict;
  removal.deleteAll(group);
}

/** Why the image can't be deleted; with force, only a running box prevents it. */
function conflictOf(group: Group, force: boolean, severalNames: boolean): BoxliteError | undefined {
  const id = shortId(group.imageId);
  const running = group.boxes.find(({ status }) => isActive(status));
  if (running !== undefined)
    return inUse(
      `unable to delete ${id} (cannot be forced) - image is being used by running box ${boxName(running)}`,
      'stop and remove the box first',
    );
  if (force) return undefined;
  if (severalNames)
    return inUse(
      `unable to delete ${id} (must be forced) - image is referenced in multiple repositories`,
      'remove it by its names, or use -f to remove all of them',
    );
  const [stopped] = group.boxes;
  if (stopped === undefined) return undefined;
  return inUse(
    `unable to delete ${id} (must be forced) - image is being used by stopped box ${boxName(stopped)}`,
  );
}

function inUse(
  conflict: string,
  hint = 'remove the box first, or use -f; the box keeps what it needs',
): BoxliteError {
  return new BoxliteError('image-in-use', `conflict: ${conflict}`, { hint });
}

/** At most one tag, and all names in one repository. */
function isSingle(references: readonly ImageReference[]): boolean {
  const tags = references.filter((each) => !isByDigest(each));
  return tags.length <= 1 && new Set(references.map(nameOf)).size <= 1;
}

function isByDigest({ reference }: ImageReference): boolean {
  return reference.includes('@');
}

function nameOf({ reference }: ImageReference): string {
  const { registry = '', repository } = parseReference(reference);
  return repositoryOf({ registry, repository });
}

function boxName({ id, name }: BoxRecord): string {
  return name === null ? id.slice(0, 12) : `${name} (${id.slice(0, 12)})`;
}

function shortId(imageId: string): string {
  return imageId.slice(imageId.indexOf(':') + 1).slice(0, 12);
}
