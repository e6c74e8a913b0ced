import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleHelper } from '../helpers/bundle-helper.js';

const execute = promisify(execFile);
/** Node itself has some 50 MiB of it. */
const MOST_MEMORY_KIB = 150 * 1024;

let directory: string;
let program: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-memory-'));
  program = join(directory, 'layer-process.mjs');
  await bundleHelper('layer-process', program);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it.each([
  ['one file of a gigabyte', 'one-file', 2 ** 30],
  ['a hundred thousand files', 'many-files', 100_000 * 2048],
])('lays out a layer of %s in 150 MiB of memory', async (_, kind, bytes) => {
  const home = join(directory, kind);
  const { stdout } = await execute(process.execPath, [program, home, kind, String(bytes)]);
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(Number(stdout)).toBeLessThan(MOST_MEMORY_KIB);
  await rm(home, { recursive: true });
});
