import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors.js';
import { makePrivateDirectory } from './private-files.js';

/**
 * Creates a directory that appears at `target` whole or not at all. `fill` works in a temporary one
 * beside it. Of several makers, the first wins and all succeed, so the name must determine the
 * content.
 */
export async function makeDirectoryOnce(
  target: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryBeside(target);
  try {
    makePrivateDirectory(temporary);
    await fill(temporary);
    await renameUnlessThere(temporary, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The prefix identifies what a killed process left behind. */
export function temporaryBeside(target: string): string {
  return join(dirname(target), `.making-${process.pid}-${randomBytes(6).toString('hex')}`);
}

export async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
  }
}
