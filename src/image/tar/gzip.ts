import { createGunzip, type Gunzip } from 'node:zlib';
import { errnoOf } from '../../errors.js';
import { layerStreamInvalid } from './layer-error.js';

/** Large pieces: each one costs a round trip to the inflating thread. */
const OUTPUT_CHUNK = 256 * 1024;

/**
 * The content of consecutive gzip members (RFC 1952). Zeros after the last one are padding, as in
 * gzip(1); anything else there is refused, as the Go library of other engines does. An error of the
 * source passes through unchanged.
 * @throws BoxliteError 'layer-invalid' for a damaged or truncated stream
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const inflater = createGunzip({ chunkSize: OUTPUT_CHUNK });
  let wanted = true;
  const fed = feed(source, inflater, () => wanted).catch((error: unknown) => {
    inflater.destroy(error as Error);
    throw error;
  });
  // It may fail before we await it.
  fed.catch(() => undefined);
  try {
    for await (const chunk of inflater as AsyncIterable<Buffer>) yield chunk;
    await fed;
  } catch (error) {
    if (errnoOf(error)?.startsWith('Z_') !== true) throw error;
    const rule = errnoOf(error) === 'Z_BUF_ERROR' ? 'it ends in the middle' : 'its data is corrupt';
    throw layerStreamInvalid('gzip', rule, error);
  } finally {
    // Nobody may still be reading from the source when its owner continues with it.
    wanted = false;
    inflater.destroy();
    await fed.catch(() => undefined);
  }
}

async function feed(
  source: AsyncIterable<Uint8Array>,
  inflater: Gunzip,
  wanted: () => boolean,
): Promise<void> {
  let given = 0;
  for await (const chunk of source) {
    if (!wanted()) return;
    const before = inflater.bytesWritten;
    // Once the inflater has met padding, it ignores everything after it.
    if (before < given) requirePadding(chunk);
    else {
      await write(inflater, chunk);
      given += chunk.length;
      requirePadding(chunk.subarray(inflater.bytesWritten - before));
    }
  }
  inflater.end();
}

/** Resolves when the inflater has taken all it wants of the chunk and its output has been read. */
function write(inflater: Gunzip, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // After a zlib error the callback is never called; the reader of the output gets the error.
    const closed = (): void => reject(new Error('the inflater was closed'));
    inflater.once('close', closed);
    inflater.write(chunk, (error) => {
      inflater.off('close', closed);
      if (error) reject(error);
      else resolve();
    });
  });
}

function requirePadding(bytes: Uint8Array): void {
  if (bytes.some((byte) => byte !== 0))
    throw layerStreamInvalid('gzip', 'something that is no gzip member follows it');
}
