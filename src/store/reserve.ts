import { randomBytes } from 'node:crypto';
import { appendFileSync, rmSync, statSync } from 'node:fs';
import { BoxliteError } from '../errors.js';
import type { Home } from '../host/home.js';

/** More than the database and its journal grow by when something is removed. */
const RESERVE_BYTES = 512 * 1024;

/** What is left of a disk that is full is taken to its last blocks. */
const PIECE_BYTES = 4096;

/** Sets some space aside, so that on a full disk boxes can still be ended and things be removed. */
export function makeReserve(home: Home): void {
  const missing = RESERVE_BYTES - reservedBytes(home);
  if (missing <= 0) return;
  // Not zeroes, which some file systems would not store.
  const content = randomBytes(missing);
  try {
    for (let at = 0; at < missing; at += PIECE_BYTES)
      appendFileSync(home.reserve(), content.subarray(at, at + PIECE_BYTES), { mode: 0o600 });
  } catch {
    // There is no more to set aside; whoever has some next adds it.
  }
}

/**
 * Does work that frees space or ends what uses it: where the disk is too full even for the record of it, once
 * more with what had been set aside.
 */
export async function withReserve<T>(home: Home, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    rmSync(home.reserve(), { force: true });
    return await work();
  } finally {
    makeReserve(home);
  }
}

/** The same for one transaction. */
export function writeWithReserve<T>(home: Home, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    rmSync(home.reserve(), { force: true });
    try {
      return write();
    } finally {
      makeReserve(home);
    }
  }
}

function reservedBytes(home: Home): number {
  try {
    return statSync(home.reserve(), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof BoxliteError && error.code === 'no-space';
}
