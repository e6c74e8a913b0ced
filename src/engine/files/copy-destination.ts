import { readlink, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type CopyEnd, specialFileError } from './copy-error.js';

const MAX_LINKS = 40;
/** The kernel's names for the open files of a process. */
const OPEN_FILES = /^\/proc\/(self|thread-self|\d+)\/(task\/\d+\/)?fd$/;

/**
 * Refuses a destination on the host that is neither a file nor a directory, before anything starts. Names
 * such as /dev/stdout mean other files in another process, so the caller's process resolves them here.
 * @throws invalid-argument
 */
export async function checkHostDestination(end: CopyEnd): Promise<void> {
  const there = await stat(end.path).catch(() => undefined);
  if (there?.isFile() === true && (await isOpenFile(end.path)))
    throw specialFileError(end, 'got an open file of a process');
  if (there === undefined || there.isFile() || there.isDirectory()) return;
  const kind = there.isFIFO() ? 'FIFO' : there.isSocket() ? 'socket' : 'device';
  throw specialFileError(end, `got a ${kind}`);
}

async function isOpenFile(path: string): Promise<boolean> {
  let name = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const directory = await realpath(dirname(name));
    if (OPEN_FILES.test(directory)) return true;
    const target = await readlink(name).catch(() => undefined);
    if (target === undefined) return false;
    name = resolve(directory, target);
  }
  return false;
}
