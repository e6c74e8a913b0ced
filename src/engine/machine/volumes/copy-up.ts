/**
 * The volumes that get what the image has at their target. The guest agent copies when it finds one empty
 * (native/guest/volume/copy-up.c): when a box first starts, as Docker does when it creates one.
 */
import { readdir } from 'node:fs/promises';
import { errnoOf, fileError } from '../../../errors.js';
import type { Database } from '../../../store/database.js';
import { acquireLock, type Lock } from '../../../store/locks.js';

/** How long a machine may take for all its copies. */
export const COPY_DEADLINE_MS = 600_000;

/** What an interrupted copy leaves in the volume, which is then as good as empty. */
const LEFT = ['.boxlite-copy', '.boxlite-copied'];

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
      timeoutMs: COPY_DEADLINE_MS,
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
    const names = await readdir(directory);
    return names.length === 0 || names.some((name) => LEFT.includes(name));
  } catch (error) {
    // Whoever opens it reports what is wrong.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw fileError(error, `read ${directory}`);
  }
}
