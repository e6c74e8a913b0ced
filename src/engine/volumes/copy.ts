import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync } from 'node:fs';
import { COPY_EXITS } from '../../agent/protocol.js';
import { BoxliteError, limitError } from '../../errors.js';
import { nativeProgram } from '../../host/native-programs.js';
import { removeTree } from '../../host/remove-tree.js';
import { syncDirectory } from '../../host/sync-directory.js';
import type { Lock } from '../../store/locks.js';
import type { NewVolume, VolumeRecord } from '../../store/volumes.js';
import { withoutActing } from '../../terminal-text.js';
import { crashPoint } from '../machine/crash-point.js';
import { boxName } from '../spec/names/box-name.js';
import type { VolumeOptions } from '../spec/volumes/volume-options.js';
import type { EngineContext } from '../state/context.js';
import { newVolume } from './create.js';
import { hasContent, lockVolume, makeVolumeFiles, putAside } from './files.js';
import { findVolume } from './find.js';
import { holderOf, takenDisk } from './taken-disks.js';

/** Exit statuses of boxlite-host (native/host/sparse.h). */
const DISK_TAKEN = 3;
const DISK_NO_SPACE = 4;

/**
 * A new volume with what another has. Until it is recorded, its name stands among those of removed volumes, so
 * whatever is killed meanwhile, what is left is swept and never taken for a volume.
 * @param from name of the other
 * @throws volume-not-found, name-taken; volume-in-use by a box that has the disk; unsupported, box-busy, no-space
 */
export async function copyVolume(
  context: EngineContext,
  from: string,
  options: VolumeOptions,
): Promise<VolumeRecord> {
  const source = findVolume(context.database(), from);
  const volume = copyOf(source, options);
  const locks = await lockBoth(context, volume.name, source);
  let trash: string | undefined;
  try {
    refuseExisting(context, volume.name);
    await refuseUse(context, findVolume(context.database(), from));
    trash = await putAside(context, volume.name);
    return await made(context, volume, source);
  } finally {
    for (const lock of locks) await lock[Symbol.asyncDispose]();
    if (trash !== undefined) await removeTree(trash).catch(() => undefined);
  }
}

/** @throws unsupported for options that a copy can't have */
function copyOf(source: VolumeRecord, { name, labels, options = {} }: VolumeOptions): NewVolume {
  const { kind, sizeBytes } = source;
  if (options.type !== undefined && options.type !== kind)
    throw new BoxliteError(
      'unsupported',
      `a copy of volume ${source.name} is of type ${kind}, as that is, not ${options.type}`,
      { hint: 'create an empty volume of the other type, and use volume export and import' },
    );
  if (options.size !== undefined)
    throw new BoxliteError('unsupported', `a copy of volume ${source.name} has its size`, {
      hint: 'create an empty volume of another size, and use volume export and import',
    });
  const asked = {
    options: { ...source.options, ...options },
    ...(name !== undefined && { name }),
    ...(labels && { labels }),
  };
  return { ...newVolume(asked, kind), kind, sizeBytes };
}

/** In the order of their names, so that two copies never wait for each other. Of a shared source nobody waits. */
async function lockBoth(
  context: EngineContext,
  name: string,
  source: VolumeRecord,
): Promise<Lock[]> {
  const names = source.kind === 'disk' && source.name !== name ? [name, source.name] : [name];
  const locks: Lock[] = [];
  try {
    for (const each of names.toSorted()) locks.push(await lockVolume(context, each, 'create'));
    return locks;
  } catch (error) {
    for (const lock of locks) await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws name-taken */
function refuseExisting({ home, database }: EngineContext, name: string): void {
  const { volumes } = database();
  if (volumes.get(name) !== undefined)
    throw new BoxliteError('name-taken', `volume ${name} exists: a copy is a new volume`, {
      hint: 'remove it first, or choose another name',
    });
  if (volumes.isRemoved(name) || !hasContent(home, name)) return;
  throw new BoxliteError('name-taken', `${home.volume(name)} has files of a volume ${name}`, {
    hint: `create ${name} without --from to have them, or choose another name`,
  });
}

/** @throws volume-in-use */
async function refuseUse(context: EngineContext, { name, kind }: VolumeRecord): Promise<void> {
  const holder = await holderOf(context, name);
  if (holder === undefined) return;
  if (kind === 'disk') throw takenDisk(name, holder);
  context.onNotice(
    `volume ${name} is in use by box ${boxName(holder)}: what is written to it while it is copied may be missing`,
  );
}

async function made(
  context: EngineContext,
  volume: NewVolume,
  source: VolumeRecord,
): Promise<VolumeRecord> {
  const { home } = context;
  const database = context.database();
  const { name } = volume;
  database.writeToDisk(() => database.volumes.markRemoved(name));
  crashPoint('volume:marked');
  try {
    makeVolumeFiles(home, volume);
    await copyFiles(context, source, name);
    await syncDirectory(home.volume(name));
    await syncDirectory(home.volumes());
    crashPoint('volume:copied');
    const record = database.writeToDisk(() => database.volumes.insert(volume));
    crashPoint('volume:recorded');
    return record;
  } catch (error) {
    const trash = await putAside(context, name);
    if (trash !== undefined) await removeTree(trash);
    throw error;
  }
}

async function copyFiles(
  { home }: EngineContext,
  { name, kind }: VolumeRecord,
  to: string,
): Promise<void> {
  const paths =
    kind === 'shared'
      ? [home.volumeData(name), '--', home.volumeData(to)]
      : [home.volumeDisk(name), home.volumeDisk(to)];
  // A disk that no box has used has no file.
  if (kind === 'disk' && !existsSync(home.volumeDisk(name))) return;
  const { program, verb } = PROGRAMS[kind];
  await new Promise<void>((resolve, reject) => {
    execFile(nativeProgram(program), [verb, ...paths], { env: {} }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(limitError(error, `run ${program}`) ?? failure({ name, kind }, error, stderr));
    });
  });
}

/** Each says in a line why it failed. */
const PROGRAMS = {
  shared: { program: 'boxlite-archive', verb: 'copy', noSpace: COPY_EXITS.NO_SPACE },
  disk: { program: 'boxlite-host', verb: 'copy-disk', noSpace: DISK_NO_SPACE },
} as const;

function failure(
  { name, kind }: Pick<VolumeRecord, 'name' | 'kind'>,
  error: ExecFileException,
  said: string,
): BoxliteError {
  const why = withoutActing(said.trim().replace(/^-/, ''), '?') || error.message;
  if (kind === 'disk' && error.code === DISK_TAKEN)
    return new BoxliteError('volume-in-use', `volume ${name} is in use: a machine has its disk`, {
      hint: 'try again when that has ended',
    });
  return error.code === PROGRAMS[kind].noSpace
    ? new BoxliteError('no-space', `no space left on the host to copy volume ${name}: ${why}`, {
        hint: 'free some space',
      })
    : new BoxliteError('permission', `can't copy volume ${name}: ${why}`, { cause: error });
}
