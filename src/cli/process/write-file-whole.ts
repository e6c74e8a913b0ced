import { lstatSync, type Stats, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { CommandContext } from './context.js';
import { untilSignal } from './until-signal.js';

/** @throws BoxliteError when the directory is missing, or a file could not replace what is at the path */
export function checkOutputPath(path: string): void {
  const refuse = (rule: string, hint?: string): never => {
    const options = hint === undefined ? {} : { hint };
    throw new BoxliteError('invalid-argument', `invalid output path: ${rule}`, options);
  };
  if (statOf(dirname(path))?.isDirectory() !== true)
    refuse(`directory ${JSON.stringify(dirname(path))} does not exist`);
  const there = statOf(path);
  if (there?.isDirectory() === true)
    refuse(`${JSON.stringify(path)} is a directory`, 'name a file in it');
  if (there?.isFile() === false)
    refuse(
      `${JSON.stringify(path)} is a ${kindOf(there)}, not a regular file`,
      'leave out -o to write to stdout, which may be redirected',
    );
  // The finished file would replace the link, not its target.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    refuse(`${JSON.stringify(path)} is a symbolic link`, 'name what it leads to');
}

function kindOf(there: Stats): string {
  return there.isFIFO() ? 'FIFO' : there.isSocket() ? 'socket' : 'device';
}

/** The file appears whole or not at all, even if the disk is full or the command is interrupted. */
export async function writeFileWhole(
  context: CommandContext,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const draft = `${path}.${process.pid}.partial`;
  await untilSignal(context, async (signal) => {
    try {
      await writeDraft(draft, chunks, signal);
      await rename(draft, path);
    } catch (error) {
      throw errnoOf(error) === undefined ? error : fileError(error, `write ${path}`);
    } finally {
      await rm(draft, { force: true });
    }
  });
}

async function writeDraft(
  draft: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  await using file = await open(draft, 'w', 0o600);
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    await file.appendFile(chunk);
  }
  await file.datasync();
}

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false });
}
