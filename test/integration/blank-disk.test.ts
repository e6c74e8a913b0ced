import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Home } from '../../src/host/home.js';
import { blankDisk } from '../../src/image/disk/blank-disk.js';
import { DISK_BYTES } from '../../src/image/disk/disk-size.js';
import { copySparse } from '../../src/image/disk/sparse-copy.js';

const MIB = 2 ** 20;

let directory: string;
let home: Home;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-blank-'));
  home = new Home(join(directory, 'home'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

describe.each([64 * MIB, 300 * MIB, 10 * 1024 * MIB, 1024 * 1024 * MIB])(
  'a blank of %i bytes',
  (bytes) => {
    it('is a clean file system of that size, without reserved blocks, on a disk of the one size', async () => {
      const path = await blankDisk(home, bytes);
      expect((await stat(path)).size).toBe(DISK_BYTES);
      const listing = execFileSync('/sbin/dumpe2fs', ['-h', path], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
      expect(listing).toMatch(new RegExp(`^Block count: +${bytes / 4096}$`, 'm'));
      expect(listing).toMatch(/^Reserved block count: +0$/m);
    });

    it('is copied whole', async () => {
      const copy = join(directory, `copy-${bytes}`);
      const source = await blankDisk(home, bytes);
      await copySparse(source, copy);
      expect((await stat(copy)).size).toBe(DISK_BYTES);
      expect((await stat(copy)).blocks).toBeLessThanOrEqual((await stat(source)).blocks);
      execFileSync('/sbin/e2fsck', ['-fn', copy], { stdio: 'pipe' });
    });
  },
);

it('makes a copy that equals its source byte for byte', async () => {
  const source = await blankDisk(home, 128 * MIB);
  const copy = join(directory, 'copy');
  await copySparse(source, copy);
  expect((await firstBytes(copy, 128 * MIB)).equals(await firstBytes(source, 128 * MIB))).toBe(
    true,
  );
});

it('is made once when four ask at once', async () => {
  const paths = await Promise.all([1, 2, 3, 4].map(() => blankDisk(home, 72 * MIB)));
  expect(new Set(paths).size).toBe(1);
});

it.each([0, MIB, 64 * MIB + 1, DISK_BYTES + 4096, NaN])('refuses %d bytes', async (bytes) => {
  await expect(blankDisk(home, bytes)).rejects.toMatchObject({ code: 'invalid-argument' });
});

it('says what is wrong when mke2fs fails, and keeps nothing', async () => {
  const broken = join(directory, 'mke2fs');
  await writeFile(broken, '#!/bin/sh\necho "it broke" >&2\nexit 1\n', { mode: 0o755 });
  vi.stubEnv('PATH', directory);
  await expect(blankDisk(home, 80 * MIB)).rejects.toMatchObject({
    code: 'setup-needed',
    message: expect.stringContaining('it broke') as string,
  });
  await expect(stat(join(home.blanks(), String(80 * MIB)))).rejects.toThrow('ENOENT');
});

describe('copySparse', () => {
  it('does not write over a file', async () => {
    const target = join(directory, 'there');
    await writeFile(target, 'mine');
    await expect(copySparse(await blankDisk(home, 64 * MIB), target)).rejects.toThrow(/EEXIST/);
    expect(await readFile(target, 'utf8')).toBe('mine');
  });
});

async function firstBytes(path: string, length: number): Promise<Buffer> {
  await using file = await open(path);
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, 0);
  return bytes;
}
