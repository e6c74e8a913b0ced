import { rm, stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { BoxliteError, errnoOf } from '../../errors.js';
import { withClaim } from '../../host/claim.js';
import type { Home } from '../../host/home.js';
import { identifyProcess } from '../../host/process-identity.js';
import { allocatedBytes, namesIn } from './store-files.js';

/** Clock ticks per second that every Linux shows to userspace (USER_HZ). */
const TICKS_PER_SECOND = 100;
/** The boot time and file times are only this accurate. */
const CLOCK_SLACK_MS = 2_000;

/**
 * Deletes what dead processes left unfinished: drafts, claims, spooled archives and partial
 * downloads, which a later pull would otherwise have resumed.
 * @param kept digests that somebody is about to download
 * @returns freed bytes of the disk
 */
export async function clearLeftovers(home: Home, kept: ReadonlySet<string>): Promise<number> {
  let bytes = 0;
  for (const directory of [home.images(), home.layers(), home.disks(), home.blanks()])
    for (const name of await namesIn(directory))
      if (name.startsWith('.making-')) bytes += await removeOfDead(directory, name);
  // Claims last: while we check a partial download, its claim must exist.
  const names = await namesIn(home.partial());
  for (const name of names)
    if (/^new-\d+-/.test(name)) bytes += await removeOfDead(home.partial(), name);
    else if (/^(?:sha256|sha512)-[0-9a-f]+$/.test(name))
      bytes += await dropPartial(home, name, kept);
  for (const name of names)
    if (/\.new-\d+-/.test(name)) bytes += await removeOfDead(home.partial(), name);
    else if (name.endsWith('.claim'))
      await underClaim(join(home.partial(), name), () => Promise.resolve(0));
  return bytes;
}

/** The name identifies its creator: `.making-PID-…`, `new-PID-…`. */
async function removeOfDead(directory: string, name: string): Promise<number> {
  const path = join(directory, name);
  const pid = Number(/(?:^\.making|new)-(\d+)-/.exec(name)?.[1]);
  try {
    const { birthtimeMs, mtimeMs } = await stat(path);
    if (livedThen(pid, birthtimeMs > 0 ? birthtimeMs : mtimeMs)) return 0;
    return await remove(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Whether the process with that pid is the one that had it at that time. */
function livedThen(pid: number, atMs: number): boolean {
  const process = identifyProcess(pid);
  if (process === undefined) return false;
  const bootMs = Date.now() - uptime() * 1000;
  return bootMs + (process.startTicks * 1000) / TICKS_PER_SECOND <= atMs + CLOCK_SLACK_MS;
}

/** Holds its claim, so that no pull is writing to it; skips a claimed one. */
async function dropPartial(home: Home, name: string, kept: ReadonlySet<string>): Promise<number> {
  if (kept.has(name.replace('-', ':'))) return 0;
  const path = join(home.partial(), name);
  return underClaim(`${path}.claim`, () => remove(path));
}

/** Takes over a dead owner's claim and removes it afterwards; leaves a live owner's work alone. */
async function underClaim(claim: string, work: () => Promise<number>): Promise<number> {
  try {
    return await withClaim(claim, { what: claim, signal: AbortSignal.abort() }, work);
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'cancelled') return 0;
    throw error;
  }
}

async function remove(path: string): Promise<number> {
  try {
    const bytes = allocatedBytes(path);
    await rm(path, { recursive: true, force: true });
    return bytes;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
