import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { fileError, namedFileError } from '../../errors.js';
import type { CommandContext } from './context.js';

/** Reads the bytes of a file, or of stdin for `-`. A signal ends the reading, even while no bytes arrive. */
export async function* readBytes(
  context: CommandContext,
  file: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const source = file === '-' ? context.stdin : createReadStream(file);
  if (signal) addAbortSignal(signal, source as Readable);
  const chunks = (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        throw file === '-' ? fileError(error, 'read stdin') : namedFileError(error, file);
      });
      if (next.done === true) return;
      yield next.value instanceof Uint8Array ? next.value : Buffer.from(String(next.value));
    }
  } finally {
    // The consumer may have stopped early, so close the source.
    await chunks.return?.();
  }
}
