import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copySparse, writeSparseMap } from '../../../../src/image/disk/sparse-copy.js';

const MIB = 2 ** 20;

let directory: string;
let source: string;
let target: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-sparse-'));
  source = join(directory, 'source');
  target = join(directory, 'target');
});
afterEach(() => rm(directory, { recursive: true }));

describe('copySparse', () => {
  it('copies the parts that the map lists, however long they are', async () => {
    const bytes = Buffer.alloc(5 * MIB + 17, 'abc');
    await writeFile(source, bytes);
    const extents = [
      { offset: 0, length: 3 },
      { offset: MIB - 1, length: 3 * MIB + 5 },
    ];
    await writeSparseMap(source, extents);
    await copySparse(source, target);
    const wanted = Buffer.alloc(bytes.length);
    for (const { offset, length } of extents) bytes.copy(wanted, offset, offset, offset + length);
    expect((await readFile(target)).equals(wanted)).toBe(true);
  });

  it('refuses a source that has become shorter, and leaves no copy with zeros in it', async () => {
    await writeFile(source, Buffer.alloc(2 * MIB, 'x'));
    await writeSparseMap(source, [{ offset: MIB, length: MIB }]);
    await truncate(source, MIB + 1);
    await expect(copySparse(source, target)).rejects.toMatchObject({
      code: 'image-corrupt',
      message: `${source} is shorter than its map says`,
    });
    await expect(stat(target)).rejects.toThrow('ENOENT');
  });
});
