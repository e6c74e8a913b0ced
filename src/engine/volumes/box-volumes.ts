import { BoxliteError } from '../../errors.js';
import { removeTree } from '../../host/remove-tree.js';
import type { Database } from '../../store/database.js';
import type { Lock } from '../../store/locks.js';
import type { NewVolume, VolumeKind, VolumeRecord } from '../../store/volumes.js';
import { checkMountedImages } from '../machine/volumes/image-disks.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { mayLoadModules } from '../spec/privileges.js';
import { specOf } from '../spec/stored-spec.js';
import {
  type BoxVolume,
  isVolumeMount,
  mountedImages,
  type VolumeMount,
} from '../spec/volumes/box-volume.js';
import { DISK_SLOTS } from '../spec/volumes/disk-slots.js';
import { parseVolumesFrom, withInheritedMounts } from '../spec/volumes/inherited-mounts.js';
import type { EngineContext } from '../state/context.js';
import { noSuchBox } from '../state/state-error.js';
import { ensureVolume, newVolume } from './create.js';
import { lockVolume, makeVolumeFiles, putAside } from './files.js';
import { findVolume, noSuchVolume } from './find.js';

/**
 * The volumes of a box that is being created: other boxes', its image's and its own. Missing ones with names
 * are made, and stay if the creation fails (Docker's rule).
 * @throws box-not-found, box-ambiguous; invalid-argument, unsupported, name-taken
 */
export async function settleBoxVolumes(
  context: EngineContext,
  asked: BoxSpec,
): Promise<BoxVolumes> {
  const spec = withInheritedMounts(asked, sourcesOf(context.database(), asked));
  const volumes = new BoxVolumes(context);
  try {
    await volumes.settle(spec);
    return volumes;
  } catch (error) {
    await volumes[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws box-not-found, box-ambiguous */
function sourcesOf(database: Database, { volumesFrom = [] }: BoxSpec) {
  return volumesFrom.map((text) => {
    const from = parseVolumesFrom(text);
    const box = database.boxes.find(from.box);
    if (box === undefined) throw noSuchBox(from.box);
    return { from, mounts: specOf(box.options).volumes };
  });
}

/** Deletes the anonymous volumes' directories at its end, unless they are to be kept. */
export class BoxVolumes implements AsyncDisposable {
  readonly #locks: Lock[] = [];
  readonly #made: NewVolume[] = [];
  #mounts: BoxVolume[] = [];
  #isRecorded = false;

  constructor(private readonly context: EngineContext) {}

  /** What to store with the box. */
  get mounts(): BoxVolume[] {
    return this.#mounts;
  }

  async settle({ volumes, privileges, diffIds }: BoxSpec): Promise<void> {
    const named = new Map<string, VolumeKind>();
    // Those with names come first: a mistake in one leaves nothing of the others behind.
    for (const mount of volumes)
      if (isVolumeMount(mount) && mount.name !== '')
        named.set(mount.name, (await this.#named(mount)).kind);
    // The kernel's modules take the last slot while it is free.
    const slots = mayLoadModules(privileges) ? DISK_SLOTS - 1 : DISK_SLOTS;
    const images = mountedImages(volumes).length;
    let disks = [...named.values()].filter((kind) => kind === 'disk').length;
    for (const mount of volumes) {
      if (!isVolumeMount(mount) || mount.name !== '') {
        this.#mounts.push(mount);
        continue;
      }
      const volume = newVolume(withoutName(mount), this.#kindOfUnnamed(disks + images < slots));
      if (volume.kind === 'disk') disks++;
      await this.#make(volume);
      this.#mounts.push({ ...mount, name: volume.name });
    }
    if (disks > DISK_SLOTS) throw tooManyDisks(disks);
    checkMountedImages(volumes, diffIds, disks);
  }

  /**
   * In the transaction that records the box.
   * @throws volume-not-found when one has been removed meanwhile
   */
  record(boxId: string): void {
    const database = this.context.database();
    for (const volume of this.#made) database.volumes.insert(volume);
    for (const mount of this.#mounts) {
      if (!isVolumeMount(mount)) continue;
      const { name: volume, target, readOnly, unnamed } = mount;
      if (database.volumes.get(volume) === undefined) throw noSuchVolume(volume);
      database.volumeUses.insert({ boxId, volume, target, readOnly, byName: unnamed !== true });
    }
  }

  /** The transaction for `record`: new volumes are on the disk before anything is written into them. */
  write<T>(work: () => T): T {
    const database = this.context.database();
    return this.#made.length > 0 ? database.writeToDisk(work) : database.write(work);
  }

  /** Undoes `record` and the box. */
  forget(boxId: string): void {
    const database = this.context.database();
    database.write(() => {
      database.boxes.remove(boxId, ['configured']);
      for (const { name } of this.#made) database.volumes.removeUnused(name);
    });
    this.#isRecorded = false;
  }

  /** The box is recorded. */
  keep(): void {
    this.#isRecorded = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const trash: (string | undefined)[] = [];
    if (!this.#isRecorded)
      for (const { name } of this.#made) trash.push(await putAside(this.context, name));
    for (const lock of this.#locks) await lock[Symbol.asyncDispose]();
    for (const each of trash) if (each !== undefined) await removeTree(each);
  }

  /** An image's volume is mostly a database's, and hardly anybody shares it: the faster kind, unless told otherwise. */
  #kindOfUnnamed(hasSlot: boolean): VolumeKind {
    return this.context.volumeType !== 'shared' && hasSlot ? 'disk' : 'shared';
  }

  /** Another box's are there: one that has gone meanwhile must not come back empty. */
  async #named(mount: VolumeMount): Promise<VolumeRecord> {
    if (mount.given === 'box') return findVolume(this.context.database(), mount.name);
    return ensureVolume(this.context, newVolume(mount, this.context.volumeType ?? 'shared'));
  }

  /** Until the box is recorded, its lock keeps a sweep from taking the directory. */
  async #make(volume: NewVolume): Promise<void> {
    this.#locks.push(await lockVolume(this.context, volume.name, 'create'));
    this.#made.push(volume);
    makeVolumeFiles(this.context.home, volume);
  }
}

const withoutName = ({ labels = {}, options = {} }: VolumeMount) => ({ labels, options });

function tooManyDisks(disks: number): BoxliteError {
  return new BoxliteError(
    'invalid-argument',
    `a box can have ${DISK_SLOTS} volumes of type disk, not ${disks}`,
    { hint: 'make some of them with --opt type=shared' },
  );
}
