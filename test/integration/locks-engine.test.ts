import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Home } from '../../src/host/home.js';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { openRuntime, TINY, tinyRuntime } from '../helpers/tiny-runtime.js';
import { race, startWaiting } from '../helpers/waiting-process.js';

const PROCESSES = 4;

const scratch = mkdtempSync(join(tmpdir(), 'boxlite-engine-'));
const program = join(scratch, 'engine-process.mjs');

beforeAll(async () => {
  await bundleHelper('engine-process', program, 'external');
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('of processes that get or create one name, one makes the box and all have it', async () => {
  const { home, runtime } = await tinyRuntime();
  const answers = (await together(home, ['get-or-create', 'web'])) as {
    id: string;
    made: boolean;
  }[];
  expect(answers.filter(({ made }) => made)).toHaveLength(1);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(await runtime.listInfo()).toMatchObject([{ id: answers[0]?.id, name: 'web' }]);
  expect(readdirSync(home.boxes())).toEqual([answers[0]?.id]);
});

test('processes that name no box get one each, under a name of its own', async () => {
  const { home, runtime } = await tinyRuntime();
  const names = await together(home, ['create']);
  expect(new Set(names).size).toBe(PROCESSES);
  const found = (await runtime.listInfo()).map(({ name }) => name);
  expect(found.sort()).toEqual(names.sort());
});

test('of processes that remove one box, one does and the others find none', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create({ rootfs: { image: TINY } });
  const answers = await together(home, ['remove', id]);
  expect(answers.sort()).toEqual([
    ...Array<string>(PROCESSES - 1).fill('box-not-found'),
    'removed',
  ]);
  expect(readdirSync(home.boxes())).toEqual([]);
});

test('a removal waits for whoever works on the box, and goes on when that one is killed', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create({ rootfs: { image: TINY } });
  const holder = await startWaiting(program, [home.root, 'hold', id]);
  expect(await holder.go()).toBe('held');
  const removal = runtime.remove(id);
  // Nobody who only looks waits for the holder, who is alive.
  expect(await openRuntime(home).getInfo(id)).toMatchObject({ status: 'configured' });
  holder.child.kill('SIGKILL');
  await removal;
  expect(await runtime.exists(id)).toBe(false);
});

test('two removals in one process end as one', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create({ rootfs: { image: TINY } });
  const results = await Promise.allSettled([runtime.remove(id), openRuntime(home).remove(id)]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'box-not-found' },
  });
});

/** What each of the processes answers when all begin at once. */
function together(home: Home, args: string[]): Promise<unknown[]> {
  return race(program, Array<string[]>(PROCESSES).fill([home.root, ...args]));
}
