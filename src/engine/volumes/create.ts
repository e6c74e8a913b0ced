import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { removeTree } from '../../host/remove-tree.js';
import type { NewVolume, VolumeRecord } from '../../store/volumes.js';
import { crashPoint } from '../machine/crash-point.js';
import { ANONYMOUS_LABEL, checkVolumeName } from '../spec/volumes/volume-name.js';
import { settleVolumeOptions, type VolumeOptions } from '../spec/volumes/volume-options.js';
import type { EngineContext } from '../state/context.js';
import { hasContent, lockVolume, makeVolumeFiles, putAside } from './files.js';
import { type VolumeInfo, volumeInfo } from './info.js';

/** One of that name is taken as it is (Docker's rule), unless it is of another kind than was asked for. */
export async function createVolume(
  context: EngineContext,
  options: VolumeOptions,
): Promise<VolumeInfo> {
  if (options.from !== undefined) {
    const { copyVolume } = await import('./copy.js');
    return volumeInfo(context, await copyVolume(context, options.from, options));
  }
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
  const { record, trash } = await made(context, volume);
  if (trash !== undefined) await removeTree(trash).catch(() => undefined);
  return record;
}

/** @returns also what an earlier volume of the name has left */
async function made(
  context: EngineContext,
  volume: NewVolume,
): Promise<{ record: VolumeRecord; trash?: string | undefined }> {
  const { home } = context;
  const database = context.database();
  const { name } = volume;
  await using _lock = await lockVolume(context, name, 'create');
  const others = database.volumes.get(name);
  if (others !== undefined) return { record: suitable(others, volume) };
  // On the disk before anything is written into it.
  const insert = (each: NewVolume): VolumeRecord =>
    database.writeToDisk(() => database.volumes.insert(each));
  if (!database.volumes.isRemoved(name) && hasContent(home, name))
    return { record: insert(adopted(home, volume)) };
  const trash = await putAside(context, name);
  makeVolumeFiles(home, volume);
  crashPoint('volume:files-made');
  return { record: insert(volume), trash };
}

/** A volume whose record was lost, as Docker's driver takes a directory that is there. @throws name-taken */
function adopted(home: Home, asked: NewVolume): NewVolume {
  const disk = home.volumeDisk(asked.name);
  try {
    const sizeBytes = statSync(disk, { throwIfNoEntry: false })?.size ?? null;
    const kind = sizeBytes === null ? 'shared' : 'disk';
    const options = kind === asked.kind ? asked.options : {};
    return suitable({ ...asked, kind, options, sizeBytes }, asked);
  } catch (error) {
    throw fileError(error, `look at ${disk}`);
  }
}

/** @throws name-taken */
function suitable<T extends NewVolume>(existing: T, { options, kind }: NewVolume): T {
  if (options.type === undefined || existing.kind === kind) return existing;
  throw new BoxliteError(
    'name-taken',
    `volume ${existing.name} exists with type=${existing.kind}, not type=${kind}`,
    { hint: 'remove it first, leave out the type, or choose another name' },
  );
}
