import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');
const program = join(native, 'build/boxlite-host');
const MIB = 2 ** 20;

let directory: string;
beforeAll(async () => {
  await run('make', ['-s', '-C', native, 'all'], { maxBuffer: 1 << 24 });
  directory = await mkdtemp(join(tmpdir(), 'boxlite-host-'));
}, 600_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Makes a file of a hole, 64 KiB of data, and a hole. */
async function makeSparse(name: string): Promise<string> {
  const path = join(directory, name);
  await using file = await open(path, 'wx');
  await file.write(Buffer.alloc(65536, 7), 0, 65536, MIB);
  await file.truncate(3 * MIB);
  return path;
}

test('data-map lists what is not a hole', async () => {
  const { stdout } = await run(program, ['data-map', await makeSparse('mapped')]);
  expect(stdout).toBe(`${MIB} 65536\n`);
});

test('copy-sparse copies bytes and leaves holes', async () => {
  const from = await makeSparse('from');
  const to = join(directory, 'to');
  await run(program, ['copy-sparse', from, to]);
  expect((await readFile(to)).equals(await readFile(from))).toBe(true);
  expect((await stat(to)).blocks * 512).toBeLessThan(MIB);
});

test('copy-sparse replaces nothing, and names what stands there', async () => {
  const from = await makeSparse('source');
  const to = join(directory, 'taken');
  await writeFile(to, 'kept');
  await expect(run(program, ['copy-sparse', from, to])).rejects.toMatchObject({
    code: 1,
    stderr: `${to}: File exists\n`,
  });
  expect(await readFile(to, 'utf8')).toBe('kept');
});

test('copy-disk copies bytes and leaves holes, unless a machine has the disk', async () => {
  const from = await makeSparse('disk');
  const to = join(directory, 'copied-disk');
  const holder = spawn('flock', [from, 'sh', '-c', 'echo; cat']);
  await once(holder.stdout, 'data');
  await expect(run(program, ['copy-disk', from, to])).rejects.toMatchObject({ code: 3 });
  holder.stdin.end();
  await once(holder, 'close');
  await run(program, ['copy-disk', from, to]);
  expect((await readFile(to)).equals(await readFile(from))).toBe(true);
  expect((await stat(to)).blocks * 512).toBeLessThan(MIB);
});

test('tsc-khz prints the rate of the counter', async () => {
  const { stdout } = await run(program, ['tsc-khz']);
  expect(stdout).toMatch(/^[1-9]\d{5,7}\n$/);
});

test.each([
  { words: [] },
  { words: ['tsc-khz', 'x'] },
  { words: ['data-map'] },
  { words: ['copy-sparse', 'a'] },
  { words: ['copy-disk', 'a'] },
  { words: ['--copy-sparse', 'a', 'b'] },
])('the words $words are refused', async ({ words }) => {
  await expect(run(program, words)).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('usage: boxlite-host') as string,
  });
});
