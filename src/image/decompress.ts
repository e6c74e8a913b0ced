import { gunzip } from './gzip.js';
import { isGzip, isZstd, MAGIC_BYTES } from './media-types.js';

/**
 * The plain bytes of a layer blob, whose compression its first bytes tell (media types lie now and
 * then). An error of the source passes through unchanged.
 * @throws BoxliteError 'layer-invalid' for a damaged stream, 'unsupported' for a zstd stream that asks
 *   for too much memory
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source, MAGIC_BYTES);
  if (isGzip(head)) yield* gunzip(rest);
  // Loaded for the few layers that need it.
  else if (isZstd(head)) yield* (await import('./zstd.js')).unzstd(rest);
  else yield* rest;
}

/** The first `length` bytes (fewer when there are no more), and an iterable that still has them. */
async function peek(
  source: AsyncIterable<Uint8Array>,
  length: number,
): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  let next = await iterator.next();
  while (next.done !== true) {
    start = start.length === 0 ? toBuffer(next.value) : Buffer.concat([start, next.value]);
    if (start.length >= length) break;
    next = await iterator.next();
  }
  return { head: start.subarray(0, length), rest: resume(start, iterator) };
}

async function* resume(start: Buffer, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  try {
    if (start.length > 0) yield start;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield toBuffer(next.value);
    }
  } finally {
    // Reached also when the reader gives up early: the source may hold a file or a connection.
    await iterator.return?.();
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
