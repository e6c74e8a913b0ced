import { stat } from 'node:fs/promises';
import { throwIfAborted } from '../../../abort.js';
import { BoxliteError, errnoOf, fileError } from '../../../errors.js';
import { acquireLock, type Lock } from '../../../store/locks.js';
import type { VolumeRecord } from '../../../store/volumes.js';
import type { EngineContext } from '../../state/context.js';
import { LOCK_TIMEOUT_MS } from '../../volumes/files.js';
import { findVolume, noSuchVolume } from '../../volumes/find.js';
import { callersFeed } from '../archive-feed.js';
import { startArchive } from '../archive-process.js';
import type { ArchivedBox } from '../archive-session.js';
import { copyInto, copyOut, packOut, sourcePath, unpackInto } from '../copy.js';
import { checkHostDestination } from '../copy-destination.js';
import { type CopyEnd, copyError } from '../copy-error.js';
import {
  type CopyOptions,
  type CopyResult,
  packWords,
  unpackHereWords,
  unpackInVolumeWords,
} from '../copy-options.js';
import { boxPath, hostPath } from '../copy-path.js';
import { packShared, pipeArchive, type SharedVolume, unpackShared } from './shared-copy.js';

/** Copies a file or a directory of the host to a path in a volume. */
export async function copyIntoVolume(
  context: EngineContext,
  name: string,
  source: string,
  destination: string,
  options: CopyOptions,
): Promise<CopyResult> {
  const volume = findVolume(context.database(), name);
  if (volume.kind === 'disk')
    return await copyInto(diskOf(context, name), source, destination, options);
  const from = sourcePath(hostPath(source), options);
  const to = boxPath(destination);
  return await writing(context, volume, 'cp', options, async (shared) => {
    const words = [...packWords(options, true), '--', from];
    const feed = startArchive(['pack', ...words], warning(options));
    return pipeArchive(
      { process: feed, end: hostEnd('source', from) },
      {
        process: unpackShared(shared, unpackInVolumeWords(options, false), to, warning(options)),
        end: volumeEnd(name, 'destination', to),
      },
      options,
    );
  });
}

/** Unpacks an archive (tar, compressed or not) into a directory of a volume. */
export async function unpackIntoVolume(
  context: EngineContext,
  name: string,
  archive: AsyncIterable<Uint8Array>,
  destination: string,
  options: CopyOptions,
): Promise<CopyResult> {
  const volume = findVolume(context.database(), name);
  if (volume.kind === 'disk')
    return await unpackInto(diskOf(context, name), archive, destination, options);
  const to = boxPath(destination);
  return await writing(context, volume, 'cp', options, async (shared) =>
    pipeArchive(
      { process: callersFeed(archive), end: hostEnd('source', '-') },
      {
        process: unpackShared(shared, unpackInVolumeWords(options, true), to, warning(options)),
        end: volumeEnd(name, 'destination', to),
      },
      options,
    ),
  );
}

/** Copies a file or a directory of a volume to the host; nothing outside the destination is touched. */
export async function copyOutOfVolume(
  context: EngineContext,
  name: string,
  source: string,
  destination: string,
  options: CopyOptions,
): Promise<CopyResult> {
  refuseFollowing(name, options);
  const volume = findVolume(context.database(), name);
  if (volume.kind === 'disk')
    return await copyOut(diskOf(context, name), source, destination, options);
  const from = sourcePath(boxPath(source), options);
  const to = hostPath(destination);
  await checkHostDestination(hostEnd('destination', to));
  const shared = await sharedVolume(context, volume);
  const words = [...unpackHereWords(options, from), '--', to];
  return await pipeArchive(
    {
      process: packShared(shared, packWords(options, true), from, warning(options)),
      end: volumeEnd(name, 'source', from),
    },
    {
      process: startArchive(['unpack', ...words], warning(options)),
      end: hostEnd('destination', to),
    },
    options,
  );
}

/** A file or a directory of a volume as a tar. */
export async function* packOutOfVolume(
  context: EngineContext,
  name: string,
  source: string,
  options: CopyOptions,
): AsyncGenerator<Buffer, void, undefined> {
  refuseFollowing(name, options);
  const volume = findVolume(context.database(), name);
  if (volume.kind === 'disk') {
    yield* packOut(diskOf(context, name), source, options);
    return;
  }
  const from = sourcePath(boxPath(source), options);
  const words = packWords({ ...options, archive: true }, false);
  yield* readShared(await sharedVolume(context, volume), words, from, options);
}

/** A tree of a shared volume as a tar. */
export async function* readShared(
  volume: SharedVolume,
  words: readonly string[],
  path: string,
  options: CopyOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const packing = packShared(volume, words, path, warning(options));
  try {
    yield* packing.stdout as AsyncIterable<Buffer>;
    throwIfAborted(options.signal, `the reading of volume ${volume.name}`);
    const end = await packing.ended;
    if (end.exit !== 0) throw copyError(volumeEnd(volume.name, 'source', path), end);
  } finally {
    packing.stop();
  }
}

/**
 * Keeps a box's first start from copying into the volume meanwhile, and the volume from being removed.
 * @throws volume-not-found when it was removed before; box-busy, path-not-found
 */
export async function writing<T>(
  context: EngineContext,
  { name }: VolumeRecord,
  purpose: string,
  { signal }: CopyOptions,
  write: (volume: SharedVolume) => Promise<T>,
): Promise<T> {
  await using _lock: Lock = await acquireLock(context.database(), `volume:${name}`, {
    timeoutMs: LOCK_TIMEOUT_MS,
    purpose,
    ...(signal && { signal }),
  });
  const shared = await sharedVolume(context, findVolume(context.database(), name));
  const result = await write(shared);
  // A removal waits for the lock with its files, but not with its record.
  if (context.database().volumes.get(name) === undefined) throw noSuchVolume(name);
  return result;
}

/** @throws path-not-found when its directory is gone */
export async function sharedVolume(
  { home }: EngineContext,
  { name }: VolumeRecord,
): Promise<SharedVolume> {
  const data = home.volumeData(name);
  try {
    await stat(data);
    return { name, data };
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `use volume ${name}`);
    throw new BoxliteError(
      'path-not-found',
      `the files of volume ${name} are gone: ${data} does not exist`,
      { hint: 'put the directory back, or remove the volume' },
    );
  }
}

const diskOf = (context: EngineContext, name: string): ArchivedBox => ({
  ...{ context, id: '', name, kind: 'volume' },
});

export const volumeEnd = (name: string, role: CopyEnd['role'], path: string): CopyEnd => ({
  ...{ side: 'box', role, box: name, kind: 'volume', path },
});

const hostEnd = (role: CopyEnd['role'], path: string): CopyEnd => ({
  ...{ side: 'host', role, box: '', path },
});

/** In a volume there is nothing that a link could lead to but the volume itself. */
function refuseFollowing(name: string, options: CopyOptions): void {
  if (options.followSource !== true && options.followSymlinks !== true) return;
  throw new BoxliteError('unsupported', `links in volume ${name} are not followed`, {
    hint: 'name what the link leads to',
  });
}

function warning({ onWarning }: CopyOptions): (text: string) => void {
  return (text) => onWarning?.(text);
}
