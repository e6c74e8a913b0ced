import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BoxliteError, errnoOf } from '../errors.js';

/** Large pieces: every one costs a round trip to the thread that inflates. */
const OUTPUT_CHUNK = 256 * 1024;

const MAGIC = {
  gzip: Buffer.from([0x1f, 0x8b]),
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
};

/**
 * The plain bytes of a layer blob, whose compression its first bytes tell (media types lie now and
 * then). An error of the source passes through unchanged.
 * @throws BoxliteError 'layer-invalid' for a damaged stream, 'unsupported' for zstd.
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source, 4);
  if (head.subarray(0, 2).equals(MAGIC.gzip)) yield* gunzip(rest);
  else if (head.equals(MAGIC.zstd)) yield* unzstd(rest);
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

async function* gunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = Readable.from(source);
  const output = createGunzip({ chunkSize: OUTPUT_CHUNK });
  input.once('error', (error) => output.destroy(error));
  input.pipe(output);
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    if (errnoOf(error)?.startsWith('Z_') !== true) throw error;
    throw new BoxliteError('layer-invalid', 'the layer is not a whole gzip stream', {
      cause: error,
      hint: 'pull the image again',
    });
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** Node has zstd from 22.15 on only; until that is the oldest we run on, the layer is refused. */
async function* unzstd(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  // One step starts the generator, so that giving it up lets go of the source.
  await source.next();
  await source.return(undefined);
  yield* [];
  throw new BoxliteError('unsupported', 'the layer is compressed with zstd', {
    hint: 'use an image whose layers are gzip-compressed',
  });
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
