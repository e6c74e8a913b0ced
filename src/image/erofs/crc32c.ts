/** The Castagnoli polynomial, bit-reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Computed on first use: it takes longer than loading all of this program. */
let table: Uint32Array | undefined;

/** CRC-32C as the kernel's `crc32c(~0, …)` computes it: without the final inversion. */
export function crc32c(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return crc >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    return value;
  });
}
