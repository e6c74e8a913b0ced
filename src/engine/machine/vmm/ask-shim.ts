import { execFile } from 'node:child_process';
import { BoxliteError, limitError } from '../../../errors.js';
import { nativeProgram } from '../../../host/native-programs.js';

const TIMEOUT_MS = 10_000;

/**
 * Asks boxlite-shim what this host allows it, since it is who needs it.
 * @returns its exit status, 0 or 1, and what it has printed
 * @throws setup-needed, host-limit when it can't be run
 */
export function askShim(
  question: '--check-volumes' | '--check-walls',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      nativeProgram('boxlite-shim'),
      [question],
      { timeout: TIMEOUT_MS },
      (error, stdout) => {
        if (error === null || error.code === 1)
          resolve({ status: error === null ? 0 : 1, text: stdout.trim() });
        else
          reject(
            limitError(error, 'run boxlite-shim') ??
              new BoxliteError('setup-needed', `can't run boxlite-shim: ${error.message}`, {
                hint: 'install BoxLite again (in its sources: `npm run build:native`)',
                cause: error,
              }),
          );
      },
    );
  });
}
