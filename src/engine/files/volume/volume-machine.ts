import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../../abort.js';
import { exists, makeDirectories } from '../../../host/host-path.js';
import { makePrivateDirectory } from '../../../host/private-files.js';
import { makeEmptyDisk } from '../../../image/disk/empty-disk.js';
import type { BoxRecord } from '../../../store/box-record.js';
import { acquireLock } from '../../../store/locks.js';
import type { VolumeRecord } from '../../../store/volumes.js';
import { volumeSerial } from '../../../vmm/driver.js';
import { makeDisk } from '../../machine/box-files.js';
import { crashPoint } from '../../machine/crash-point.js';
import { lendingValues } from '../../machine/guest-messages.js';
import { endLeftVolumeMachine, volumeWorkDirectory } from '../../machine/left-machine.js';
import { requiredVmmIds } from '../../machine/vmm/ids.js';
import { mountRequests } from '../../machine/volumes/mount-requests.js';
import { disksOf, volumePlaces } from '../../machine/volumes/places.js';
import { diskIsGone, makeMissingDisk } from '../../machine/volumes/volume-disks.js';
import { DEFAULT_DISK_BYTES } from '../../spec/defaults.js';
import { specOf } from '../../spec/stored-spec.js';
import type { EngineContext } from '../../state/context.js';
import { runningClient } from '../../state/running-client.js';
import { LOCK_TIMEOUT_MS } from '../../volumes/files.js';
import { findVolume } from '../../volumes/find.js';
import { holderOf } from '../../volumes/taken-disks.js';
import type { AgentOfBox } from '../box-machine.js';
import { Cleanups } from '../cleanups.js';
import { type LentMachine, POWER_OFF_DEADLINE_MS, startLentMachine } from '../lent-machine.js';
import { lentSpec } from './lent-spec.js';

export interface VolumePurpose {
  /** Shown as the lock's purpose: `export`, `cp`. */
  purpose: string;
  /** Aborts the start of the machine. */
  signal?: AbortSignal | undefined;
}

/**
 * The agent of the running box that has this volume of type disk or, without one, of a helper machine that
 * has nothing else: nothing on the host reads a file system that a box has written. The volume stays locked
 * while the helper machine runs. Dispose of the result.
 * @throws volume-not-found; box-busy, box-state when the box is paused; path-not-found when the disk is gone,
 *   and what a start may throw
 */
export async function agentOfVolume(
  context: EngineContext,
  name: string,
  { purpose, signal }: VolumePurpose,
): Promise<AgentOfBox> {
  throwIfAborted(signal, purpose);
  const holder = await holderOf(context, name);
  if (holder !== undefined) return await agentOfHolder(context, name, holder);
  const held = new Cleanups();
  try {
    const options = { timeoutMs: LOCK_TIMEOUT_MS, purpose, ...(signal && { signal }) };
    held.use(await acquireLock(context.database(), `volume:${name}`, options));
    const volume = findVolume(context.database(), name);
    // A box was started while we waited for the lock.
    const late = await holderOf(context, name);
    if (late !== undefined) {
      await held[Symbol.asyncDispose]();
      return await agentOfHolder(context, name, late);
    }
    const disk = await diskOf(context, volume);
    held.add(() => rm(volumeWorkDirectory(context.home, name), { recursive: true, force: true }));
    const machine = await startLentMachine(context, () => lent(context, volume, disk), signal);
    crashPoint('volume:machine-up');
    held.add(() => machine.powerOff(POWER_OFF_DEADLINE_MS));
    return {
      client: machine.client,
      serial: volumeSerial(0),
      [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
    };
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw error;
  }
}

async function agentOfHolder(
  context: EngineContext,
  name: string,
  holder: BoxRecord,
): Promise<AgentOfBox> {
  const { diskMounts } = await volumePlaces(specOf(holder.options).volumes, context, undefined);
  const slot = disksOf(diskMounts).findIndex((disk) => disk.name === name);
  const client = await runningClient(context, holder, { doing: `reaching volume ${name}` });
  return {
    client,
    boxId: holder.id,
    serial: volumeSerial(slot),
    [Symbol.asyncDispose]: () => {
      client.close();
      return Promise.resolve();
    },
  };
}

/** A disk is made when it is first used; an empty one must not hide that the files are gone. */
async function diskOf({ home, database }: EngineContext, volume: VolumeRecord): Promise<string> {
  const { boxes, volumeUses } = database();
  const disk = home.volumeDisk(volume.name);
  const isUsed = volumeUses
    .ofVolume(volume.name)
    .some(({ boxId }) => typeof boxes.get(boxId)?.startedAt === 'number');
  if (isUsed && !(await exists(disk))) throw diskIsGone(volume.name, disk);
  return await makeMissingDisk(home, volume);
}

async function lent(
  { home }: EngineContext,
  volume: VolumeRecord,
  path: string,
): Promise<LentMachine> {
  const { name, sizeBytes } = volume;
  const directory = volumeWorkDirectory(home, name);
  await endLeftVolumeMachine(home, name);
  makePrivateDirectory(directory);
  makeDirectories(home.emptyShare(), 0o555);
  const image = join(directory, 'image');
  const disk = join(directory, 'disk');
  await Promise.all([makeEmptyDisk(image), makeDisk(home, disk, DEFAULT_DISK_BYTES)]);
  const mount = { volume, target: '/volume', readOnly: false, copyUp: false };
  const mounts = mountRequests({
    ...{ shares: [], direct: false, images: [], tmpfs: [] },
    ...{ diskMounts: [mount], disks: [volume] },
  });
  return {
    start: {
      box: 'volume',
      name: `for volume ${name}`,
      directory,
      ids: requiredVmmIds(undefined, { id: 'volume', name: null }),
      fileLimitBytes: Math.max(DEFAULT_DISK_BYTES, sizeBytes ?? 0),
    },
    files: { image, extents: [], disk, share: home.emptyShare(), volumes: [path] },
    values: () => lendingValues(lentSpec(), mounts),
  };
}
