import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import { Database } from '../../src/store/database.js';
import { makeReserve } from '../../src/store/reserve.js';
import { openRuntime, TINY, tinyRootfs } from '../helpers/tiny-runtime.js';

const SPENT = 64 * 1024;
const OPTIONS = { rootfs: { image: TINY } };

/** A home on a file system of its own, which can be filled. */
function smallHome(): { home: Home; fill: () => void; free: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'boxlite-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', root]);
  onTestFinished(() => {
    // Lazily: a connection may still be open.
    execFileSync('umount', ['-l', root]);
    rmSync(root, { recursive: true });
  });
  const ballast = join(root, 'ballast');
  return {
    home: new Home(join(root, 'home')),
    fill: () => {
      const piece = Buffer.alloc(4096, 1);
      expect(() => {
        for (;;) writeFileSync(ballast, piece, { flag: 'a' });
      }).toThrow(/ENOSPC/);
    },
    free: () => rmSync(ballast),
  };
}

test('a full disk refuses new boxes, and still lets old ones be removed', async () => {
  const { home, fill, free } = smallHome();
  const runtime = openRuntime(home);
  await runtime.importImage(tinyRootfs(), { reference: TINY, changes: ['CMD ["/bin/sh"]'] });
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) await runtime.create(OPTIONS, name);
  runtime.close();

  fill();
  await expect(openRuntime(home).create(OPTIONS, 'new')).rejects.toMatchObject({
    code: 'no-space',
    message: expect.stringContaining(home.database()) as string,
  });
  for (const name of names) {
    const another = openRuntime(home);
    await another.remove(name);
    fill();
    another.close();
  }
  const after = openRuntime(home);
  expect(await after.listInfo()).toEqual([]);
  free();
  await after.create(OPTIONS, 'new');
  expect((await after.listInfo()).map(({ name }) => name)).toEqual(['new']);
});

test('of what was set aside, what is left when some was spent is kept', () => {
  const { home, fill } = smallHome();
  Database.open(home).close();
  fill();
  const { size } = statSync(home.reserve());
  rmSync(home.reserve());
  writeFileSync(join(home.root, 'spent'), Buffer.alloc(SPENT, 1));
  makeReserve(home);
  expect(statSync(home.reserve()).size).toBe(size - SPENT);
});

test('what was set aside is set aside again when there is space', async () => {
  const { home, fill, free } = smallHome();
  const runtime = openRuntime(home);
  await runtime.importImage(tinyRootfs(), { reference: TINY, changes: ['CMD ["/bin/sh"]'] });
  await runtime.create(OPTIONS, 'a');
  await runtime.create(OPTIONS, 'b');
  const { size } = statSync(home.reserve());
  rmSync(home.reserve());
  fill();
  free();
  await runtime.remove('a');
  expect(statSync(home.reserve()).size).toBe(size);
  expect(existsSync(home.box('a'))).toBe(false);
});
