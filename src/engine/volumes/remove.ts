import { BoxliteError } from '../../errors.js';
import type { VolumeRecord } from '../../store/volumes.js';
import type { EngineContext } from '../state/context.js';
import { deleteForgotten, sweepVolumes } from './files.js';
import { findVolume, noSuchVolume } from './find.js';
import { type VolumeInfo, volumeInfo } from './info.js';
import { volumeBytes } from './size.js';

export interface PrunedVolumes {
  /** Names. */
  removed: string[];
  /** Bytes of disk freed. */
  freedBytes: number;
}

/** @throws volume-not-found, volume-in-use */
export async function removeVolume(context: EngineContext, name: string): Promise<void> {
  const record = findVolume(context.database(), name);
  if (!(await forget(context, record))) throw refusal(context, name);
  await sweepVolumes(context);
}

/** Record first, then the files: wherever this is killed, what is left is nobody's. */
async function forget(context: EngineContext, { name }: VolumeRecord): Promise<boolean> {
  const database = context.database();
  // On the disk before the files go: a volume must not come back without them.
  if (!database.writeToDisk(() => database.volumes.removeUnused(name))) return false;
  await deleteForgotten(context, name);
  return true;
}

/** In Docker's words. */
function refusal({ database }: EngineContext, name: string): BoxliteError {
  if (database().volumes.get(name) === undefined) return noSuchVolume(name);
  const boxes = new Set(
    database()
      .volumeUses.ofVolume(name)
      .map(({ boxId }) => boxId),
  );
  return new BoxliteError(
    'volume-in-use',
    `remove ${name}: volume is in use - [${[...boxes].join(', ')}]`,
    { hint: `remove ${boxes.size === 1 ? 'that box' : 'those boxes'} first` },
  );
}

export interface VolumePruneOptions {
  /** Also those with names; default false. */
  all?: boolean;
  /** Remove only those for which it returns true. */
  matches?: (volume: VolumeInfo) => boolean;
}

/** Removes the volumes that no box has. */
export async function pruneVolumes(
  context: EngineContext,
  { all = false, matches = () => true }: VolumePruneOptions = {},
): Promise<PrunedVolumes> {
  const pruned: PrunedVolumes = { removed: [], freedBytes: 0 };
  for (const record of context.database().volumes.list()) {
    const info = volumeInfo(context, record);
    if (info.boxes.length > 0 || !(all || record.anonymous) || !matches(info)) continue;
    const bytes = volumeBytes(context.home, record.name);
    // A box may have got it meanwhile.
    if (!(await forget(context, record))) continue;
    pruned.removed.push(record.name);
    pruned.freedBytes += bytes;
  }
  await sweepVolumes(context);
  return pruned;
}
