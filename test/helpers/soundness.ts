import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestHome } from './test-home.js';

/** Time for ending processes, even on a busy host; one that takes longer was left behind. */
const ENDING_MS = 60_000;
const LOOK_AGAIN_MS = 20;

/** Files in a home other than its boxes, without those that SQLite creates and removes as needed. */
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

/** Resolves when no process uses the home any more; fails with the names of those that stay. */
export async function untilNoProcess(home: TestHome): Promise<void> {
  const deadline = Date.now() + ENDING_MS;
  for (;;) {
    const left = await home.processes();
    if (left.length === 0) return;
    if (Date.now() > deadline) expect(left, 'left running').toEqual([]);
    await delay(LOOK_AGAIN_MS);
  }
}

/** Expects that a home without boxes has no process, file, socket or mount of one. */
export async function expectNothingLeft(home: TestHome): Promise<void> {
  await untilNoProcess(home);
  const boxes = join(home.path, 'boxes');
  // Without this directory, no box has ever been created.
  if (existsSync(boxes)) expect(await readdir(boxes)).toEqual([]);
  expect(await readFile('/proc/mounts', 'utf8')).not.toContain(boxes);
  expect(await home.ok(['ps', '-aq'])).toBe('');
}
