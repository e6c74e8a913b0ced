import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Home } from '../../src/home.js';
import { openRuntime, tinyRuntime, TINY } from '../helpers/tiny-runtime.js';

const PROCESSES = 4;

const scratch = mkdtempSync(join(tmpdir(), 'boxlite-engine-'));
const program = join(scratch, 'engine-process.mjs');

beforeAll(async () => {
  symlinkSync(resolve('node_modules'), join(scratch, 'node_modules'));
  await build({
    entryPoints: ['test/helpers/engine-process.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('of processes that get or create one name, one makes the box and all have it', async () => {
  const { home, runtime } = await tinyRuntime();
  const answers = (await race(home, ['get-or-create', 'web'])) as { id: string; made: boolean }[];
  expect(answers.filter(({ made }) => made)).toHaveLength(1);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(await runtime.listInfo()).toMatchObject([{ id: answers[0]?.id, name: 'web' }]);
  expect(readdirSync(home.boxes())).toEqual([answers[0]?.id]);
});

test('processes that name no box get one each, under a name of its own', async () => {
  const { home, runtime } = await tinyRuntime();
  const names = await race(home, ['create']);
  expect(new Set(names).size).toBe(PROCESSES);
  const found = (await runtime.listInfo()).map(({ name }) => name);
  expect(found.sort()).toEqual(names.sort());
});

test('of processes that remove one box, one does and the others find none', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create({ rootfs: { image: TINY } });
  const answers = await race(home, ['remove', id]);
  expect(answers.sort()).toEqual([
    ...Array<string>(PROCESSES - 1).fill('box-not-found'),
    'removed',
  ]);
  expect(readdirSync(home.boxes())).toEqual([]);
});

test('a removal waits for whoever works on the box, and goes on when that one is killed', async () => {
  const { home, runtime } = await tinyRuntime();
  const { id } = await runtime.create({ rootfs: { image: TINY } });
  const holder = await start(home, ['hold', id]);
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

interface EngineProcess {
  child: ChildProcess;
  /** Lets it begin; its answer. */
  go: () => Promise<unknown>;
}

/** What each of the processes answers when all begin at once. */
async function race(home: Home, args: string[]): Promise<unknown[]> {
  const processes = await Promise.all(Array.from({ length: PROCESSES }, () => start(home, args)));
  return Promise.all(processes.map(({ go }) => go()));
}

async function start(home: Home, args: string[]): Promise<EngineProcess> {
  const child = spawn(process.execPath, [program, home.root, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  expect(await nextLine(lines)).toBe('ready');
  return {
    child,
    go: async () => {
      child.stdin.write('go\n');
      return JSON.parse(await nextLine(lines)) as unknown;
    },
  };
}

/** The end of the process counts as a line, so that a death is an answer and no time-out. */
async function nextLine(lines: Interface): Promise<string> {
  const end = new AbortController();
  const ended = once(lines, 'close', end).then(() => ['"ended without an answer"']);
  const [line] = (await Promise.race([once(lines, 'line', end), ended])) as [string];
  ended.catch(() => undefined);
  end.abort();
  return line;
}
