/** The first `length` bytes (fewer at the end), and an iterable that still includes them. */
export async function peek(
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
    // Also when the reader stops early: the source may hold a file or a connection.
    await iterator.return?.();
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
