/** Host paths, as callers give them. */
import { mkdirSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../errors.js';

/**
 * Resolves a relative path against the working directory.
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
 * Whether something is at the path, or where the link there leads.
 * @throws what `fileError` makes of another error than ENOENT
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(error, `read ${path}`);
  }
}

/**
 * Creates a directory and its missing parents. Node's own recursive `mkdir` loops for ever where an
 * existing directory can't hold others, as in /proc: every attempt there reports a missing parent.
 * @throws the host's error, as `fs` does
 */
export function makeDirectories(path: string, mode: number): void {
  if (made(path, mode)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectories(parent, mode);
  mkdirUnlessThere(path, mode);
}

/** @returns false when a parent is missing */
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
    // A read-only file system reports EROFS even when the directory exists.
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
