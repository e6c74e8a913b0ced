import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/host/native-programs.js';

/**
 * Compiles `PATH.c` of this folder: statically, because a guest has no libraries.
 * @returns the program's path, in `directory`
 */
export async function compile(
  directory: string,
  path: 'network/endpoint' | 'network/start-vmm' | 'volumes/file-bench',
): Promise<string> {
  const source = join(projectRoot(), 'test', 'bench', `${path}.c`);
  const program = join(directory, basename(path));
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-static'];
  await promisify(execFile)('cc', [...flags, '-o', program, source]);
  return program;
}
