import { layerInvalid } from './layer-error.js';

export const TAR_BLOCK = 512;

/** One raw 512-byte header, before extension headers are applied. Strings are latin1. */
export interface TarHeader {
  name: string;
  linkName: string;
  /** The type flag as a character. */
  type: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtimeSec: number;
  major: number;
  minor: number;
}

const USTAR_MAGIC = 'ustar\0';
const STAR_TRAILER = 'tar\0';

/**
 * Parses one header block: V7, POSIX ustar (with prefix), star and GNU, whose prefix field holds
 * times.
 * @throws BoxliteError 'layer-invalid' for a wrong checksum or a malformed number.
 */
export function parseTarHeader(block: Buffer): TarHeader {
  const name = textAt(block, 0, 100);
  // Without a valid header there is no name either: don't quote noise.
  if (!hasValidChecksum(block))
    throw layerInvalid(
      /^[\x20-\x7e]+$/.test(name) ? name : '(no header)',
      'the header checksum is wrong',
    );
  const type = String.fromCharCode(block[156] ?? 0);
  const isDevice = type === '3' || type === '4';
  return {
    name: withPrefix(block, name),
    linkName: textAt(block, 157, 100),
    type,
    mode: numberAt(block, 100, 8, name, 'mode') & 0o7777,
    uid: numberAt(block, 108, 8, name, 'uid'),
    gid: numberAt(block, 116, 8, name, 'gid'),
    size: numberAt(block, 124, 12, name, 'size'),
    mtimeSec: numberAt(block, 136, 12, name, 'mtime'),
    major: isDevice ? numberAt(block, 329, 8, name, 'device major') : 0,
    minor: isDevice ? numberAt(block, 337, 8, name, 'device minor') : 0,
  };
}

export function isZeroBlock(block: Buffer): boolean {
  return block[0] === 0 && block.every((byte) => byte === 0);
}

function withPrefix(block: Buffer, name: string): string {
  if (block.toString('latin1', 257, 263) !== USTAR_MAGIC) return name;
  const isStar = block.toString('latin1', 508, 512) === STAR_TRAILER;
  const prefix = textAt(block, 345, isStar ? 131 : 155);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textAt(block: Buffer, offset: number, length: number): string {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end);
}

/** The checksum field counts as spaces; some old writers summed signed bytes. */
function hasValidChecksum(block: Buffer): boolean {
  let unsigned = 256;
  let negatives = 0;
  for (let i = 0; i < TAR_BLOCK; i++) {
    if (i === 148) i = 156;
    const byte = block[i] ?? 0;
    unsigned += byte;
    if (byte > 127) negatives += 256;
  }
  const stored = octal(block, 148, 8);
  return stored === unsigned || stored === unsigned - negatives;
}

/**
 * A numeric field: octal text padded with spaces or NULs, or (first bit set) a big-endian two's
 * complement number, GNU's extension past 8 GiB and below zero.
 */
export function numberAt(
  block: Buffer,
  offset: number,
  length: number,
  name: string,
  field: string,
): number {
  const value =
    (block[offset] ?? 0) & 0x80 ? base256(block, offset, length) : octal(block, offset, length);
  if (value === undefined) throw layerInvalid(name, `the ${field} field is not a number`);
  return value;
}

function base256(block: Buffer, offset: number, length: number): number | undefined {
  const first = block[offset] ?? 0;
  const negative = (first & 0x40) !== 0;
  let value = negative ? (first & 0x7f) - 0x80 : first & 0x7f;
  for (let i = offset + 1; i < offset + length; i++) value = value * 256 + (block[i] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

function octal(block: Buffer, offset: number, length: number): number | undefined {
  const end = offset + length;
  let at = offset;
  while (at < end && (block[at] === 0 || block[at] === 0x20)) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte === 0 || byte === 0x20) break;
    if (byte < 0x30 || byte > 0x37) return undefined;
    value = value * 8 + (byte - 0x30);
  }
  return value;
}
