import { spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { TarReader, type TarEntry } from '../../src/image/tar-reader.js';

/** An entry as GNU tar sees it, its content hashed. Hard links name the first of their names. */
export type SeenEntry = Omit<TarEntry, 'name'> & { sha256: string };

/** Everything below a directory, in byte order: type, mode, ids, times, sizes, links, xattrs, devices. */
export async function readFileTree(directory: string): Promise<Map<string, SeenEntry>> {
  const seen = new Map<string, SeenEntry>();
  let current: SeenEntry | undefined;
  let hash: Hash = createHash('sha256');
  const reader = new TarReader({
    entry: ({ name, ...rest }) => {
      rest.xattrs.sort();
      current = { ...rest, sha256: '' };
      seen.set(name.replace(/\/$/, ''), current);
      hash = createHash('sha256');
    },
    data: (bytes) => void hash.update(bytes),
    hole: (bytes) => void hash.update(Buffer.alloc(bytes)),
    done: () => {
      if (current !== undefined) current.sha256 = hash.digest('hex');
    },
  });
  const format = ['--format=pax', '--sort=name', '--numeric-owner'];
  const xattrs = ['--xattrs', '--xattrs-include=*'];
  const child = spawn('tar', [...format, ...xattrs, '-C', directory, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) reader.push(chunk);
  reader.end();
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(`tar of ${directory} ended with ${status ?? 'a signal'}`);
  return seen;
}
