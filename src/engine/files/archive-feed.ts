import { Readable } from 'node:stream';
import { decompress } from '../../image/tar/decompress.js';
import { unpackArchive } from '../../image/tar/unpack-archive.js';
import type { ArchiveProcess } from './archive-process.js';
import type { ArchiveReport } from './archive-report.js';

/** Where an archive comes from: a packing process, or the caller. */
export type Feed = Pick<ArchiveProcess, 'stdout' | 'ended' | 'stop'>;

/** The caller's archive, compressed or not. */
export function callersFeed(archive: AsyncIterable<Uint8Array>): Feed {
  const stdout = Readable.from(decompress(unpackArchive(archive)), { objectMode: false });
  const ended = new Promise<ArchiveReport>((resolve, reject) => {
    stdout.on('end', () => resolve({ exit: 0, message: '', bytes: 0, entries: 0 }));
    stdout.on('error', reject);
  });
  return { stdout, ended, stop: () => stdout.destroy() };
}
