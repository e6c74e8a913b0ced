import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';

/**
 * @throws BoxliteError when the directory is missing, or when the file exists: its box may still be in use
 */
export function checkCidfile(path: string): void {
  if (existsSync(path)) throw taken(path);
  const directory = dirname(path);
  if (!existsSync(directory))
    throw new BoxliteError(
      'path-not-found',
      `can't write ${path}: directory ${directory} does not exist`,
      { hint: 'make it first, or name another file' },
    );
}

/** Writes the file whole or not at all, and never over a file that has appeared since the check. */
export function writeCidfile(path: string, id: string): void {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, id);
    linkSync(draft, path);
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? taken(path) : fileError(error, `write ${path}`);
  } finally {
    rmSync(draft, { force: true });
  }
}

function taken(path: string): BoxliteError {
  return new BoxliteError('invalid-argument', `box ID file found: ${path}`, {
    hint: `make sure the other box is not needed, then delete the file`,
  });
}
