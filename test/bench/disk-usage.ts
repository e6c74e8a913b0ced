import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK_BYTES = 512;

/** Bytes that a directory and all below it take on the disk; holes take none, a hard link counts once. */
export async function diskUsage(path: string, seen = new Set<number>()): Promise<number> {
  const stat = await lstat(path);
  if (seen.has(stat.ino)) return 0;
  seen.add(stat.ino);
  let bytes = stat.blocks * BLOCK_BYTES;
  if (stat.isDirectory())
    for (const name of await readdir(path)) bytes += await diskUsage(join(path, name), seen);
  return bytes;
}
