/** Disk volumes that another box is using: a file system has one machine at a time. */
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { boxName } from '../spec/names/box-name.js';
import { isVolumeMount } from '../spec/volumes/box-volume.js';
import type { EngineContext } from '../state/context.js';
import { settle } from '../state/observe.js';

/**
 * The shim refuses a disk that another machine has open; this says whose it is.
 * @throws volume-in-use, naming the volume and the box that has it, running or paused
 */
export async function refuseTakenDisks(
  context: EngineContext,
  record: BoxRecord,
  { volumes }: BoxSpec,
): Promise<void> {
  for (const mount of volumes) {
    if (!isVolumeMount(mount)) continue;
    const holder = await holderOf(context, mount.name, record.id);
    if (holder === undefined) continue;
    throw new BoxliteError(
      'volume-in-use',
      `volume ${mount.name} is in use by box ${boxName(holder)}: a volume of type disk is for one box at a time`,
      {
        hint: 'let it be of type shared when it is created (volumeType in the configuration), or stop that box',
        remedy: { action: 'stop', box: boxName(holder) },
      },
    );
  }
}

async function holderOf(
  { home, database }: EngineContext,
  volume: string,
  boxId: string,
): Promise<BoxRecord | undefined> {
  const { volumes, volumeUses, boxes } = database();
  if (volumes.get(volume)?.kind !== 'disk') return undefined;
  for (const use of volumeUses.ofVolume(volume)) {
    if (use.boxId === boxId) continue;
    const record = boxes.get(use.boxId);
    if (record && isActive((await settle(home, database(), record)).status)) return record;
  }
  return undefined;
}
