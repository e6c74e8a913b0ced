import { BoxliteError } from '../../errors.js';
import { writeWithReserve } from '../../store/reserve.js';
import type { VolumeRecord } from '../../store/volumes.js';
import type { EngineContext } from '../state/context.js';
import { deleteForgotten } from './files.js';
import { findVolume, noSuchVolume } from './find.js';
import { type VolumeInfo, volumeInfo } from './info.js';
import { volumeBytes } from './size.js';
import { sweepVolumes } from './sweep.js';

export interface PrunedVolumes {
  /** Names. */
  removed: string[];
  /** Bytes of disk freed. */
  freedBytes: number;
}

/** @throws volume-not-found, volume-in-use */
export async function removeVolume(context: EngineContext, name: string): Promise<void> {
  const record = findVolume(context.database(), name);
  await sweep(context);
  if (!forget(context, record)) throw refusal(context, name);
  await deleteForgotten(context, name);
}

/** What can't be deleted is told, and keeps nothing else from being removed. */
async function sweep(context: EngineContext): Promise<void> {
  for (const { message } of await sweepVolumes(context)) context.onNotice(leftNotice(message));
}

const leftNotice = (message: string): string =>
  `files of a removed volume are left: ${message}; the next removal tries it again`;

/** Record first, then the files: wherever this is killed, what is left is known to be nobody's. */
function forget({ home, database }: EngineContext, { name }: VolumeRecord): boolean {
  const { volumes } = database();
  // On the disk before the files go: a volume must not come back without them.
  return writeWithReserve(home, () => database().writeToDisk(() => volumes.removeUnused(name)));
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

/** Removes the volumes that no box has; goes on where files can't be deleted, and tells of those at the end. */
export async function pruneVolumes(
  context: EngineContext,
  { all = false, matches = () => true }: VolumePruneOptions = {},
): Promise<PrunedVolumes> {
  const pruned: PrunedVolumes = { removed: [], freedBytes: 0 };
  const left: string[] = [];
  await sweep(context);
  for (const record of context.database().volumes.list()) {
    const info = volumeInfo(context, record);
    if (info.boxes.length > 0 || !(all || record.anonymous) || !matches(info)) continue;
    const bytes = volumeBytes(context.home, record.name);
    // A box may have got it meanwhile.
    if (!forget(context, record)) continue;
    pruned.removed.push(record.name);
    try {
      await deleteForgotten(context, record.name);
      pruned.freedBytes += bytes;
    } catch (error) {
      if (!(error instanceof BoxliteError)) throw error;
      left.push(`${record.name}: ${error.message}`);
    }
  }
  for (const message of left) context.onNotice(leftNotice(message));
  return pruned;
}
