import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/**
 * Compiles `NAME.c` of this folder statically, so that it runs in a box, and returns its path.
 * @param parts sources of native that it tests, relative to there
 */
export async function buildGuestProgram(
  directory: string,
  name: string,
  parts: readonly string[] = [],
): Promise<string> {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const program = join(directory, name);
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-static'];
  const native = fileURLToPath(new URL('../../native', import.meta.url));
  const sources = [source, ...parts.map((part) => join(native, part))];
  await promisify(execFile)('gcc', [...flags, '-I', native, '-o', program, ...sources]);
  return program;
}
