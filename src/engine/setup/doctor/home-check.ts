import { existsSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileError } from '../../../errors.js';
import type { Home } from '../../../host/home.js';
import { fault, type Finding, ok, warning } from './check.js';

const GIB = 2 ** 30;
/** A template's memory and a box's first writes need this; with less the next start may fail. */
const LEAST_BYTES = GIB / 4;
/** Leaves space for another image or two. */
const COMFORTABLE_BYTES = 2 * GIB;
const PROBE_BYTES = 64 * 1024;
const CURE = 'free some space, or point BOXLITE_HOME at a larger disk';

/** Writes to the home, because only that shows wrong permissions, a read-only or full disk, or a quota. */
export async function checkHome(home: Home): Promise<Finding> {
  const place = nearestExisting(home.root);
  const probe = join(place, `.boxlite-doctor-${process.pid}`);
  try {
    await writeFile(probe, Buffer.alloc(PROBE_BYTES, 1), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { message, hint } = fileError(error, `write to ${place}`);
    return fault(message, hint ?? 'make it writable for you, or point BOXLITE_HOME elsewhere');
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const detail = `${home.root}, ${(free / GIB).toFixed(1)} GiB free`;
  if (free < LEAST_BYTES) return fault(detail, CURE);
  return free < COMFORTABLE_BYTES ? warning(detail, CURE) : ok(detail);
}

/** The home may not exist yet: its first writer creates it. */
export function nearestExisting(path: string): string {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}
