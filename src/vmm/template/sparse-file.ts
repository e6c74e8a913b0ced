import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileError } from '../../errors.js';
import { nativeProgram } from '../../host/native-programs.js';

/** A copy of half a gigabyte takes 50 ms; this only bounds an overloaded host. */
const COPY_TIMEOUT_MS = 120_000;

/**
 * Copies the data of a file, without its holes, inside the kernel.
 * @param to must not exist
 * @throws no-space, permission
 */
export async function copySparseFile(from: string, to: string): Promise<void> {
  try {
    await promisify(execFile)(nativeProgram('boxlite-host'), ['copy-sparse', from, to], {
      timeout: COPY_TIMEOUT_MS,
    });
  } catch (error) {
    throw fileError(error, `copy ${from} to ${to}`);
  }
}

/** The parts of a file that are not holes, in order. */
export async function dataMap(path: string): Promise<{ offset: number; length: number }[]> {
  const { stdout } = await promisify(execFile)(nativeProgram('boxlite-host'), ['data-map', path], {
    timeout: COPY_TIMEOUT_MS,
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [offset = 0, length = 0] = line.split(' ').map(Number);
      return { offset, length };
    });
}
