import { describe, expect, it } from 'vitest';
import {
  directoryBlocks,
  directoryBytes,
  type DirectoryEntry,
  sortEntries,
} from '../../../../src/image/erofs/directory.js';
import { newDirectory } from '../../../../src/image/layer/tree.js';

const inode = newDirectory(undefined);
const named = (...names: string[]): DirectoryEntry[] =>
  sortEntries(names.map((name) => ({ name, inode })));

/** Names as a reader finds them: the first name's offset tells how many there are. */
function namesIn(block: Buffer): string[] {
  const count = block.readUInt16LE(8) / 12;
  return Array.from({ length: count }, (_, index) => {
    const start = block.readUInt16LE(index * 12 + 8);
    const end = index + 1 < count ? block.readUInt16LE((index + 1) * 12 + 8) : block.length;
    return block.toString('latin1', start, end).replace(/\0+$/, '');
  });
}

describe('directory blocks', () => {
  it.each([
    ['few names', named('.', '..', 'a')],
    [
      'names of 255 bytes',
      named(...Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(255, 'x'))),
    ],
    ['100,000 names', named('.', '..', ...Array.from({ length: 100_000 }, (_, i) => `n${i}`))],
    ['a block filled to its last byte', named(...fill(4096))],
    ['one byte more than a block', named(...fill(4097))],
  ])('hold %s, in order, in the bytes that were promised', (_, entries) => {
    const blocks = [...directoryBlocks(entries, () => 7n)];
    expect(blocks.slice(0, -1).every((block) => block.length === 4096)).toBe(true);
    expect(blocks.reduce((sum, block) => sum + block.length, 0)).toBe(directoryBytes(entries));
    expect(blocks.flatMap(namesIn)).toEqual(entries.map(({ name }) => name));
  });

  it('sort by bytes, the dots among the rest', () => {
    const names = named('é', 'z', '\xff', '!', '.', '..', 'Z', '-').map(({ name }) => name);
    expect(names).toEqual(['!', '-', '.', '..', 'Z', 'z', 'é', '\xff']);
  });
});

/** Names that take so many bytes together with their entries. */
function fill(bytes: number): string[] {
  const names = Array.from({ length: 15 }, (_, i) => String.fromCharCode(97 + i).repeat(255));
  const last = bytes - 15 * (12 + 255) - 12;
  return [...names, 'z'.repeat(last)];
}
