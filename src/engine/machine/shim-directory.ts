import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * The directory of the box whose shim the process is, by its arguments: a shim shows its working directory to nobody
 * but root.
 * @returns undefined if it is no shim, or has ended
 */
export async function shimDirectory(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const [program = '', directory] = text.split('\0');
  return basename(program) === 'boxlite-shim' && directory ? directory : undefined;
}
