import { createHash } from 'node:crypto';

/** Every byte value, in sequences that a conversion of text or line ends would change. */
export function awkwardBytes(): Buffer {
  const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  return Buffer.concat([all, Buffer.from('\r\n\n\r\0\u001b[2J'), Buffer.from(all).reverse()]);
}

/** The same bytes in every run; no block size divides their period. */
export function longBytes(size: number): Buffer {
  const period = Buffer.from(Array.from({ length: 65_521 }, (_, n) => (n * 31 + (n >> 8)) & 0xff));
  return Buffer.alloc(size, period);
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
