import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';

/** A box may change the files meanwhile, and may have made what only root looks at. */
const PASSED_OVER = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ELOOP']);

/** Bytes that a volume takes on the disk; holes take none, and a file with several names counts once. */
export function volumeBytes(home: Home, name: string): number {
  const linked = new Set<string>();
  // Names of files are bytes, whatever a box has made of them.
  const left: Buffer[] = [Buffer.from(home.volume(name))];
  let bytes = 0;
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const path = at;
    const stats = seen(path, () => lstatSync(path));
    if (stats === undefined || isSecond(stats, linked)) continue;
    bytes += stats.blocks * 512;
    if (stats.isDirectory()) left.push(...entriesOf(path));
  }
  return bytes;
}

function isSecond(stats: Stats, linked: Set<string>): boolean {
  if (stats.nlink < 2 || stats.isDirectory()) return false;
  const key = `${stats.dev}:${stats.ino}`;
  if (linked.has(key)) return true;
  linked.add(key);
  return false;
}

function entriesOf(path: Buffer): Buffer[] {
  const names = seen(path, () => readdirSync(path, { encoding: 'buffer' })) ?? [];
  return names.map((name) => Buffer.concat([path, Buffer.from('/'), name]));
}

function seen<T>(path: Buffer, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (PASSED_OVER.has(errnoOf(error) ?? '')) return undefined;
    throw fileError(error, `look at ${path.toString()}`);
  }
}
