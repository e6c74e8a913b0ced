/** All of a volume as a tar, and back. */
import { abortable } from '../../../abort.js';
import { BoxliteError } from '../../../errors.js';
import type { VolumeRecord } from '../../../store/volumes.js';
import type { EngineContext } from '../../state/context.js';
import { findVolume } from '../../volumes/find.js';
import { callersFeed } from '../archive-feed.js';
import { packOut, unpackInto } from '../copy.js';
import type { CopyOptions, CopyResult } from '../copy-options.js';
import { pipeArchive, unpackShared } from './shared-copy.js';
import { readShared, sharedVolume, volumeEnd, writing } from './volume-copy.js';

export type VolumeArchiveOptions = Pick<CopyOptions, 'signal' | 'onWarning' | 'onProgress'>;

/** Its root, and from there on. */
const ALL = '/.';
const PACK = ['attributes', 'sparse', 'directories'];
/** What a disk takes; a directory of the host takes no device and no set-user-ID program from an archive. */
const UNPACK = ['foreign', 'top', 'owners', 'attributes', 'sync', 'direct'];

/**
 * A volume as a tar (pax): owners, modes, attributes, times to the nanosecond, links, holes, devices.
 * @throws volume-not-found, box-busy, cancelled; what can't be read
 */
export async function* exportVolume(
  context: EngineContext,
  name: string,
  options: VolumeArchiveOptions = {},
): AsyncGenerator<Buffer, void, undefined> {
  const volume = findVolume(context.database(), name);
  if (volume.kind === 'disk')
    yield* packOut(diskOf(context, name), '/', options, { words: PACK, purpose: 'export' });
  else yield* readShared(await sharedVolume(context, volume), PACK, ALL, options);
}

/**
 * Adds what is in a tar, compressed or not, to a volume; a file that is there is replaced. All of it is on the
 * host's disk when it resolves.
 * @throws volume-not-found, archive-invalid naming the entry, no-space, box-busy, cancelled
 */
export async function importVolume(
  context: EngineContext,
  name: string,
  archive: AsyncIterable<Uint8Array>,
  options: VolumeArchiveOptions = {},
): Promise<CopyResult> {
  const volume = findVolume(context.database(), name);
  const what = `the import into volume ${name}`;
  return await abortable(options.signal, what, () =>
    imported(context, volume, archive, options),
  ).catch((error: unknown) => {
    throw asArchiveFault(error, name);
  });
}

async function imported(
  context: EngineContext,
  volume: VolumeRecord,
  archive: AsyncIterable<Uint8Array>,
  options: VolumeArchiveOptions,
): Promise<CopyResult> {
  const { name } = volume;
  if (volume.kind === 'disk')
    return await unpackInto(diskOf(context, name), archive, '/', options, {
      words: [...UNPACK, 'privileges'],
      purpose: 'import',
    });
  return await writing(context, volume, 'import', options, async (shared) =>
    pipeArchive(
      { process: callersFeed(archive), end: volumeEnd(name, 'source', '-') },
      {
        process: unpackShared(shared, UNPACK, '/', (text) => options.onWarning?.(text)),
        end: volumeEnd(name, 'destination', '/'),
      },
      options,
    ),
  );
}

/** To the caller, the given file is wrong, not a layer that they know nothing about. */
function asArchiveFault(error: unknown, name: string): unknown {
  if (!(error instanceof BoxliteError) || error.code !== 'layer-invalid') return error;
  return new BoxliteError(
    'archive-invalid',
    `the archive for volume ${name} can't be unpacked: ${error.message}`,
    { cause: error },
  );
}

const diskOf = (context: EngineContext, name: string) =>
  ({ context, id: '', name, kind: 'volume' }) as const;
