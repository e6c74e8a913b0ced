import { numberAt } from './header.js';
import { layerInvalid, showName } from './layer-error.js';
import type { PaxOverrides } from './pax.js';

/** Pairs `offset, length` of a sparse file's data, in the order of its bytes after the header. */
export type SparseMap = readonly number[];

const MAX_SEGMENTS = 1_000_000;

/** Where a header block keeps its segments: 4 in the header itself, 21 in an extension block. */
const OLD_GNU = {
  header: { offset: 386, count: 4, more: 482 },
  extension: { offset: 0, count: 21, more: 504 },
};
const REAL_SIZE_OFFSET = 483;

/**
 * Old GNU format (type `S`). Adds the block's segments to `map`. @returns whether another block
 * follows
 */
export function readOldGnuSparse(
  block: Buffer,
  kind: keyof typeof OLD_GNU,
  map: number[],
  name: string,
): boolean {
  const { offset, count, more } = OLD_GNU[kind];
  for (let i = 0; i < count; i++) {
    const at = offset + i * 24;
    if (block[at] === 0) break;
    map.push(numberAt(block, at, 12, name, 'sparse offset'));
    map.push(numberAt(block, at + 12, 12, name, 'sparse length'));
  }
  if (map.length > 2 * MAX_SEGMENTS) throw layerInvalid(name, 'the sparse map is too long');
  return block[more] === 1;
}

export function oldGnuRealSize(block: Buffer, name: string): number {
  const size = numberAt(block, REAL_SIZE_OFFSET, 12, name, 'real size');
  if (size < 0) throw layerInvalid(name, 'its real size is negative');
  return size;
}

/**
 * The sparse map of GNU tar's pax formats 0.0, 0.1 and 1.0; undefined when the entry is not sparse.
 */
export function paxSparse(
  pax: PaxOverrides,
  name: string,
): { name: string | undefined; realSize: number; map: SparseMap | 'in-data' } | undefined {
  const { sparse } = pax;
  const declared = sparse.get('realsize') ?? sparse.get('size');
  if (declared === undefined) return undefined;
  const realSize = parseDecimal(declared, name);
  const version = `${sparse.get('major') ?? '0'}.${sparse.get('minor') ?? '0'}`;
  if (!['0.0', '0.1', '1.0'].includes(version))
    throw layerInvalid(name, `the sparse format ${showName(version)} is unknown`);
  if (version === '1.0') return { name: sparse.get('name'), realSize, map: 'in-data' };
  const list = sparse.get('map');
  const map =
    list === undefined ? pax.sparseMap : list.split(',').map((n) => parseDecimal(n, name));
  return { name: sparse.get('name'), realSize, map };
}

/** Segments must ascend without overlap, lie inside the file and add up to the stored bytes. */
export function checkSparseMap(
  map: SparseMap,
  realSize: number,
  storedSize: number,
  name: string,
): void {
  let end = 0;
  let stored = 0;
  for (let i = 0; i < map.length; i += 2) {
    const offset = map[i] ?? -1;
    const length = map[i + 1] ?? -1;
    if (offset < end || length < 0 || offset + length > realSize)
      throw layerInvalid(name, 'the sparse map is out of order or reaches past the file');
    end = offset + length;
    stored += length;
  }
  if (stored !== storedSize)
    throw layerInvalid(name, 'the sparse map does not add up to the stored size');
}

/**
 * Collects format 1.0's map: decimal lines (a count, then an offset and a length each) at the head
 * of the entry's data, padded to 512 bytes.
 */
export class SparseMapReader {
  #text = '';
  #numbers: number[] = [];

  constructor(readonly name: string) {}

  /** Takes the next 512-byte block; returns the map once it is complete. */
  push(block: Buffer): SparseMap | undefined {
    const lines = (this.#text + block.toString('latin1')).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      this.#numbers.push(parseDecimal(line, this.name));
      const [count = 0] = this.#numbers;
      if (count > MAX_SEGMENTS) throw layerInvalid(this.name, 'the sparse map is too long');
      // The rest of the block is padding.
      if (this.#numbers.length === 1 + 2 * count) return this.#numbers.slice(1);
    }
    if (this.#text.length > 32) throw layerInvalid(this.name, 'the sparse map is malformed');
    return undefined;
  }
}

function parseDecimal(text: string, name: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw layerInvalid(name, 'the sparse map holds something that is not a number');
  return value;
}
