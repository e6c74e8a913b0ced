/** Disk volumes that another machine is using: a file system has one machine at a time. */
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { acquireLock, type Lock } from '../../store/locks.js';
import { isActive } from '../../store/status.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { boxName } from '../spec/names/box-name.js';
import { isVolumeMount } from '../spec/volumes/box-volume.js';
import type { EngineContext } from '../state/context.js';
import { settle } from '../state/observe.js';
import { LOCK_TIMEOUT_MS } from './files.js';

/**
 * The shim refuses a disk that another machine has open; this says whose it is.
 * @throws volume-in-use, naming the volume and the box that has it, running or paused
 */
export async function refuseTakenDisks(
  context: EngineContext,
  { id }: Pick<BoxRecord, 'id'>,
  spec: Pick<BoxSpec, 'volumes'>,
): Promise<void> {
  for (const volume of diskNames(context, spec)) {
    const holder = await holderOf(context, volume, id);
    if (holder !== undefined) throw takenDisk(volume, holder);
  }
}

/** @throws volume-in-use, always */
export function takenDisk(volume: string, holder: BoxRecord): BoxliteError {
  return new BoxliteError(
    'volume-in-use',
    `volume ${volume} is in use by box ${boxName(holder)}: a volume of type disk is for one box at a time`,
    {
      hint: 'let it be of type shared when it is created (volumeType in the configuration), or stop that box',
      remedy: { action: 'stop', box: boxName(holder) },
    },
  );
}

/**
 * The box, running or paused, whose machine has this volume of type disk.
 * @param except the id of a box that does not count
 */
export async function holderOf(
  { home, database }: EngineContext,
  volume: string,
  except?: string,
): Promise<BoxRecord | undefined> {
  const { volumeUses, boxes } = database();
  for (const use of volumeUses.ofVolume(volume)) {
    if (use.boxId === except) continue;
    const record = boxes.get(use.boxId);
    if (record && isActive((await settle(home, database(), record)).status)) return record;
  }
  return undefined;
}

/** Locks of a box's disk volumes, for whoever reads or writes them without the box. Dispose of it. */
export class DiskLocks implements AsyncDisposable {
  readonly #locks: Lock[] = [];

  /**
   * Waits for others that work on these disks.
   * @throws box-busy, naming the volume and who works on it; cancelled
   */
  static async take(
    context: EngineContext,
    spec: Pick<BoxSpec, 'volumes'>,
    purpose: string,
    signal?: AbortSignal,
  ): Promise<DiskLocks> {
    const taken = new DiskLocks();
    const options = { timeoutMs: LOCK_TIMEOUT_MS, purpose, ...(signal && { signal }) };
    try {
      for (const volume of diskNames(context, spec))
        taken.#locks.push(await acquireLock(context.database(), `volume:${volume}`, options));
      return taken;
    } catch (error) {
      await taken[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lock of this.#locks.splice(0)) await lock[Symbol.asyncDispose]();
  }
}

/** In one order for all, so that nobody waits in a circle. */
function diskNames({ database }: EngineContext, { volumes }: Pick<BoxSpec, 'volumes'>): string[] {
  const names = volumes.flatMap((mount) => (isVolumeMount(mount) ? [mount.name] : []));
  return [...new Set(names)]
    .filter((name) => database().volumes.get(name)?.kind === 'disk')
    .toSorted();
}
