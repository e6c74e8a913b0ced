import { createReadStream } from 'node:fs';
import { fileError, namedFileError } from '../../errors.js';
import type { CommandContext } from './context.js';

/** The bytes of a file, or of stdin for `-`. */
export async function* readBytes(
  context: CommandContext,
  file: string,
): AsyncGenerator<Uint8Array> {
  const source: AsyncIterable<unknown> = file === '-' ? context.stdin : createReadStream(file);
  const chunks = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        throw file === '-' ? fileError(error, 'read stdin') : namedFileError(error, file);
      });
      if (next.done === true) return;
      yield next.value instanceof Uint8Array ? next.value : Buffer.from(String(next.value));
    }
  } finally {
    // The consumer may have stopped early.
    await chunks.return?.();
  }
}
