import { randomBytes } from 'node:crypto';
import { appendFileSync, rmSync, statSync } from 'node:fs';
import { BoxliteError } from '../errors.js';
import type { Home } from '../host/home.js';

/** More than the database and its journal grow by during a removal. */
const RESERVE_BYTES = 512 * 1024;

/** Small, so that on a nearly full disk the reserve takes even the last blocks. */
const PIECE_BYTES = 4096;

/** Reserves some space, so that boxes can still be stopped and things removed on a full disk. */
export function makeReserve(home: Home): void {
  const missing = RESERVE_BYTES - reservedBytes(home);
  if (missing <= 0) return;
  // Some file systems would not store zeroes.
  const content = randomBytes(missing);
  try {
    for (let at = 0; at < missing; at += PIECE_BYTES)
      appendFileSync(home.reserve(), content.subarray(at, at + PIECE_BYTES), { mode: 0o600 });
  } catch {
    // No space is left to reserve; the next caller that finds some adds it.
  }
}

/**
 * Runs work that frees space or stops what uses it. If the disk is too full even to record it,
 * releases the reserve and tries once more.
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

/** Like `withReserve`, for one transaction. */
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
