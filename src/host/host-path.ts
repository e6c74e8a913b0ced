/** Paths of the host, as a caller gives them. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BoxliteError, errnoOf } from '../errors.js';

/**
 * From the working directory, where it is not absolute.
 * @throws path-not-found when that directory has been deleted
 */
export function absolutePath(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new BoxliteError(
      'path-not-found',
      `"${path}" is relative to the working directory, which has been deleted`,
      { cause: error, hint: 'change to a directory that exists (`cd`), or give an absolute path' },
    );
  }
}

/**
 * Makes a directory and those above it that are missing. Node's own recursive `mkdir` tries for ever where a
 * directory that is there can hold none, as /proc: there each try says that something above is missing.
 * @throws what the host says, as `fs` does
 */
export function makeDirectories(path: string, mode: number): void {
  if (made(path, mode)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectories(parent, mode);
  mkdirUnlessThere(path, mode);
}

/** @returns false when something above it is missing */
function made(path: string, mode: number): boolean {
  try {
    mkdirUnlessThere(path, mode);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function mkdirUnlessThere(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Of a read-only file system the host says that, whether the directory is there or not.
    if (!isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
