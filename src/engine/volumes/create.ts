import { randomBytes } from 'node:crypto';
import { BoxliteError } from '../../errors.js';
import type { NewVolume, VolumeRecord } from '../../store/volumes.js';
import { ANONYMOUS_LABEL, checkVolumeName } from '../spec/volumes/volume-name.js';
import { settleVolumeOptions, type VolumeOptions } from '../spec/volumes/volume-options.js';
import type { EngineContext } from '../state/context.js';
import { deleteVolumeFiles, lockVolume, makeVolumeFiles } from './files.js';
import { type VolumeInfo, volumeInfo } from './info.js';

/** One of that name is taken as it is (Docker's rule), unless it is of another kind than was asked for. */
export async function createVolume(
  context: EngineContext,
  options: VolumeOptions,
): Promise<VolumeInfo> {
  const volume = newVolume(options, context.volumeType ?? 'shared');
  return volumeInfo(context, await ensureVolume(context, volume));
}

/** @throws invalid-argument, unsupported */
export function newVolume(
  { name = '', labels = {}, options = {} }: VolumeOptions,
  defaultKind: VolumeRecord['kind'],
): NewVolume {
  const form = settleVolumeOptions(options, defaultKind);
  if (name !== '')
    return { name: checkVolumeName(name), anonymous: false, labels, options, ...form };
  const marked = { ...labels, [ANONYMOUS_LABEL]: '' };
  return {
    name: randomBytes(32).toString('hex'),
    anonymous: true,
    labels: marked,
    options,
    ...form,
  };
}

/** Of several processes that want the same name, one makes it. */
export async function ensureVolume(
  context: EngineContext,
  volume: NewVolume,
): Promise<VolumeRecord> {
  const database = context.database();
  const { name } = volume;
  const existing = database.volumes.get(name);
  if (existing !== undefined) return suitable(existing, volume);
  await using _lock = await lockVolume(context, name, 'create');
  const others = database.volumes.get(name);
  if (others !== undefined) return suitable(others, volume);
  await deleteVolumeFiles(context.home, name);
  makeVolumeFiles(context.home, volume);
  // On the disk before anything is written into it: its directory would be nobody's without a record.
  return database.writeToDisk(() => database.volumes.insert(volume));
}

/** @throws name-taken */
function suitable(existing: VolumeRecord, { options, kind }: NewVolume): VolumeRecord {
  if (options.type === undefined || existing.kind === kind) return existing;
  throw new BoxliteError(
    'name-taken',
    `volume ${existing.name} exists with type=${existing.kind}, not type=${kind}`,
    { hint: 'remove it first, leave out the type, or choose another name' },
  );
}
