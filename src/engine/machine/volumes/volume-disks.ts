import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BoxliteError, fileError } from '../../../errors.js';
import type { Home } from '../../../host/home.js';
import { exists } from '../../../host/host-path.js';
import { syncDirectory } from '../../../host/sync-directory.js';
import { blankDisk } from '../../../image/disk/blank-disk.js';
import { copySparse } from '../../../image/disk/sparse-copy.js';
import { acquireLock } from '../../../store/locks.js';
import type { VolumeRecord } from '../../../store/volumes.js';
import { VOLUME_SLOTS } from '../../../vmm/driver.js';
import { hasNotedErrors } from './noted-errors.js';
import type { VolumeStore } from './places.js';

/** Another box makes the same disk in a fraction of a second; an overloaded host gets this long. */
const LOCK_TIMEOUT_MS = 60_000;

/**
 * The disks of these volumes, each in the slot of its index; those that no box has used yet are made.
 * @param mayMake only at a box's first start: what the box wrote later would be missing from a new one
 * @throws unsupported when a machine has not so many slots, path-not-found when a disk is gone
 */
export async function prepareVolumeDisks(
  store: VolumeStore,
  volumes: readonly VolumeRecord[],
  mayMake: boolean,
): Promise<string[]> {
  if (volumes.length > VOLUME_SLOTS)
    throw new BoxliteError(
      'unsupported',
      `a box can have ${VOLUME_SLOTS} volumes of type disk, not ${volumes.length}`,
      { hint: 'make the others with `--opt type=shared`' },
    );
  return Promise.all(volumes.map((volume) => prepareDisk(store, volume, mayMake)));
}

async function prepareDisk(
  { home, database, onNotice }: VolumeStore,
  { name, sizeBytes }: VolumeRecord,
  mayMake: boolean,
): Promise<string> {
  const disk = home.volumeDisk(name);
  if (await exists(disk)) {
    if (onNotice !== undefined && (await hasNotedErrors(disk)))
      onNotice(
        `the file system of volume ${name} has errors; check it when no box runs with it: e2fsck -f ${disk}`,
      );
    return disk;
  }
  if (!mayMake) throw diskIsGone(name, disk);
  const options = { timeoutMs: LOCK_TIMEOUT_MS, purpose: 'start' };
  await using _lock = await acquireLock(database(), `volume:${name}`, options);
  return await makeMissingDisk(home, { name, sizeBytes });
}

/** Under the volume's lock. @returns the disk's path */
export async function makeMissingDisk(
  home: Home,
  { name, sizeBytes }: Pick<VolumeRecord, 'name' | 'sizeBytes'>,
): Promise<string> {
  const disk = home.volumeDisk(name);
  if (await exists(disk)) return disk;
  if (sizeBytes === null)
    throw new BoxliteError('store-corrupt', `the database holds no size of volume ${name}`);
  await makeDisk(home, disk, sizeBytes);
  return disk;
}

export function diskIsGone(name: string, disk: string): BoxliteError {
  return new BoxliteError(
    'path-not-found',
    `the disk of volume ${name} is gone: ${disk} does not exist`,
    { hint: 'put it back, or remove the box and the volume' },
  );
}

/** It has its name when it is whole, and is on the host's disk before a box writes into it. */
async function makeDisk(home: Home, disk: string, bytes: number): Promise<void> {
  const draft = `${disk}.new`;
  await rm(draft, { force: true });
  await copySparse(await blankDisk(home, bytes), draft);
  try {
    await writeBack(draft);
    await rename(draft, disk);
    await syncDirectory(dirname(disk));
  } catch (error) {
    throw fileError(error, `make ${disk}`);
  }
}

async function writeBack(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.datasync();
}
