import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BOX_FILES } from '../home.js';

/** Resolves when the machine's console has said something; never, once the signal is aborted. */
export async function watchConsole(directory: string, signal: AbortSignal): Promise<void> {
  const path = join(directory, BOX_FILES.console);
  await new Promise<void>((resolve) => {
    const look = (): void => {
      stat(path).then(
        ({ size }) => {
          if (size > 0) resolve();
        },
        () => undefined, // not there yet
      );
    };
    // Watched before the first look, so that nothing falls between.
    watch(directory, { signal, persistent: false }, look).on('error', () => undefined);
    look();
  });
}
