/** Copies into and out of the directory of a shared volume, whose content boxes have written. */
import { onAbort } from '../../../abort.js';
import { COPY_EXITS } from '../../../agent/protocol.js';
import { crashPoint } from '../../machine/crash-point.js';
import { type Feed } from '../archive-feed.js';
import { type ArchiveProcess, startArchive } from '../archive-process.js';
import type { ArchiveReport } from '../archive-report.js';
import { type CopyEnd, copyError } from '../copy-error.js';
import type { CopyOptions, CopyResult } from '../copy-options.js';

/** A shared volume. */
export interface SharedVolume {
  name: string;
  /** Its directory. */
  data: string;
}

/** One end of a copy, of which the process may report a failure. */
export interface Side<T extends Feed | ArchiveProcess> {
  process: T;
  end: CopyEnd;
}

/**
 * The archive of a tree in the volume. No link in it leads out of it.
 * @param words of the packing end, without its verb
 * @param path absolute, from the volume's root
 */
export const packShared = (
  { data }: SharedVolume,
  words: readonly string[],
  path: string,
  onWarning: (text: string) => void,
): ArchiveProcess =>
  startArchive(['pack', 'within', data, ...ownersAsBoxesSee(words), '--', path], onWarning);

/** Unpacks into the volume; nothing outside it is touched. */
export const unpackShared = (
  { data }: SharedVolume,
  words: readonly string[],
  path: string,
  onWarning: (text: string) => void,
): ArchiveProcess => startArchive(['unpack', 'within', data, ...words, '--', path], onWarning);

/** Whoever is not root owns all that boxes have written, and is their root. */
function ownersAsBoxesSee(words: readonly string[]): string[] {
  return [...words, ...(process.getuid?.() === 0 ? [] : ['as-root'])];
}

/** Passes an archive from one end to the other. @throws what either end reports, and cancelled */
export async function pipeArchive(
  from: Side<Feed>,
  to: Side<ArchiveProcess>,
  { signal, onProgress }: CopyOptions,
): Promise<CopyResult> {
  const { stdout } = from.process;
  let transferred = 0;
  let unreadable: { error: unknown } | undefined;
  using _abort = onAbort(signal, () => {
    from.process.stop();
    to.process.stop();
  });
  stdout.on('data', (chunk: Buffer) => {
    transferred += chunk.length;
    crashPoint('copy:streaming');
    onProgress?.(transferred);
  });
  stdout.pipe(to.process.stdin);
  // A source that fails never ends its stream.
  from.process.ended.catch((error: unknown) => {
    unreadable = { error };
    to.process.stop();
  });
  const unpacked = await to.process.ended;
  from.process.stop();
  crashPoint('copy:ended');
  signal?.throwIfAborted();
  if (unreadable !== undefined) throw unreadable.error;
  if (unpacked.exit !== 0 && unpacked.exit !== COPY_EXITS.TRUNCATED)
    throw copyError(to.end, unpacked);
  const packed = await packedEnd(from.process);
  if (packed !== undefined && packed.exit !== 0) throw copyError(from.end, packed);
  if (unpacked.exit !== 0) throw copyError(to.end, unpacked);
  return { bytes: unpacked.bytes, entries: unpacked.entries, transferred };
}

/** Of a packing process; a caller's archive may continue after its end, and never says how it ended. */
async function packedEnd(feed: Feed): Promise<ArchiveReport | undefined> {
  return 'stdin' in feed ? await feed.ended : undefined;
}
