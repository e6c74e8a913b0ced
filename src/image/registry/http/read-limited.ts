import { BoxliteError } from '../../../errors.js';

/**
 * Reads a small body into memory.
 * @throws BoxliteError `registry-protocol` when it is larger than `maxBytes`
 */
export async function readLimited(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  what: string,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes)
      throw new BoxliteError('registry-protocol', `${what} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
