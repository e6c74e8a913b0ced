import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestHome } from './test-home.js';

/** What is ending has this long, also on a busy host; more, and it was left behind. */
const ENDING_MS = 60_000;
const LOOK_AGAIN_MS = 20;

/** What lies in a home beside its boxes, without what SQLite makes and takes away as it likes. */
export async function filesAround(home: TestHome): Promise<string[]> {
  const names = async (...path: string[]): Promise<string[]> =>
    (await readdir(join(home.path, ...path))).map((name) => join(...path, name));
  const found = [
    ...(await names()),
    ...(await names('images')),
    ...(await names('images', 'disks')),
    ...(await names('images', 'layers')),
    ...(await names('blanks')),
    ...(await names('templates')),
  ];
  return found.filter((name) => !/^(boxlite\.db-(wal|shm)|user)$/.test(name)).sort();
}

/** Resolves when no process has to do with the home any more; fails, naming them, when some stay. */
export async function untilNoProcess(home: TestHome): Promise<void> {
  const deadline = Date.now() + ENDING_MS;
  for (;;) {
    const left = await home.processes();
    if (left.length === 0) return;
    if (Date.now() > deadline) expect(left, 'left running').toEqual([]);
    await delay(LOOK_AGAIN_MS);
  }
}

/** Of a home without boxes: no process, no file, no socket, no mount of one is there. */
export async function expectNothingLeft(home: TestHome): Promise<void> {
  await untilNoProcess(home);
  const boxes = join(home.path, 'boxes');
  // No box has ever been made where there is no such directory.
  if (existsSync(boxes)) expect(await readdir(boxes)).toEqual([]);
  expect(await readFile('/proc/mounts', 'utf8')).not.toContain(boxes);
  expect(await home.ok(['ps', '-aq'])).toBe('');
}
