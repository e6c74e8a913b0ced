/**
 * The volumes that get what the image has at their target. The guest agent copies when it finds one empty
 * (native/guest/volume/copy-up.c): when a box first starts, as Docker does when it creates one.
 */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BootstrapValues } from '../../../agent/client.js';
import { MOUNT_KINDS } from '../../../agent/protocol.js';
import { BoxliteError, errnoOf, fileError } from '../../../errors.js';
import type { Database } from '../../../store/database.js';
import { acquireLock, type Lock } from '../../../store/locks.js';

/** How long a machine may take for all its copies; on a shared volume each file costs several round trips. */
const DISK_DEADLINE_MS = 600_000;
const SHARED_DEADLINE_MS = 3_600_000;

/** What an interrupted copy leaves in the volume, which is then as good as empty. */
const LEFT = ['.boxlite-copy', '.boxlite-copied'];

type Mounts = BootstrapValues['mounts'];

/** How long a bootstrap with these mounts may copy; undefined if it copies nothing. */
export function copyDeadlineMs(mounts: Mounts): number | undefined {
  const copied = mounts.filter(({ copyUp }) => copyUp > 0);
  if (copied.length === 0) return undefined;
  const isShared = copied.some(({ kind }) => kind === MOUNT_KINDS.SHARE);
  return isShared ? SHARED_DEADLINE_MS : DISK_DEADLINE_MS;
}

/** That a box's copies did not end in time, which is no fault of its template. */
export class LateCopy extends BoxliteError {
  constructor(box: string, mounts: Mounts, cause: BoxliteError) {
    const copied = mounts.filter(({ copyUp }) => copyUp > 0);
    const names = copied.map(({ options, target }) => `${String(options)} at ${String(target)}`);
    super(
      'timeout',
      `box ${box}: the image's files were not all copied within ${(copyDeadlineMs(mounts) ?? 0) / 60_000} minutes into ` +
        `${copied.length === 1 ? 'the empty volume' : 'the empty volumes'} ${names.join(', ')}`,
      {
        hint: 'create the box with the volume option nocopy, and copy what it needs into the volume',
        stage: 'bootstrap',
        cause,
      },
    );
  }
}

/** Locks of the shared volumes that may be copied into: one box at a time copies. */
export class CopyLocks implements AsyncDisposable {
  readonly #locks: Lock[] = [];
  #released = false;

  /** For good: once they have been copied into, or when the start has failed. */
  release(): void {
    this.#released = true;
    for (const lock of this.#locks.splice(0)) lock.release();
  }

  /**
   * Waits until no other box copies into the volume.
   * @param directory the volume's files
   * @returns whether it is empty; only then does this box hold its lock
   */
  async take(
    database: Database,
    volume: string,
    directory: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (this.#locks.some(({ name }) => name === lockName(volume))) return true;
    if (!(await isEmpty(directory))) return false;
    const lock = await acquireLock(database, lockName(volume), {
      timeoutMs: SHARED_DEADLINE_MS,
      purpose: "copy the image's files",
      ...(signal && { signal }),
    });
    if (this.#released) {
      lock.release();
      return false;
    }
    this.#locks.push(lock);
    if (await isEmpty(directory)) return true;
    this.#locks.splice(this.#locks.indexOf(lock), 1);
    lock.release();
    return false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}

const lockName = (volume: string): string => `volume:${volume}`;

async function isEmpty(directory: string): Promise<boolean> {
  try {
    if (!(await hasEntry(directory))) return true;
    const left = await Promise.all(LEFT.map((name) => exists(join(directory, name))));
    return left.includes(true);
  } catch (error) {
    // Whoever opens it reports what is wrong; one that is closed to us is not ours to fill.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return false;
    throw fileError(error, `read ${directory}`);
  }
}

/** Reads no further: a box may have made millions. */
async function hasEntry(directory: string): Promise<boolean> {
  const entries = await opendir(directory);
  try {
    return (await entries.read()) !== null;
  } finally {
    await entries.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
