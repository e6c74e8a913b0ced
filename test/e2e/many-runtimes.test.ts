import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { expectNothingLeft } from '../helpers/soundness.js';
import { useHome } from '../helpers/test-home.js';

const PROCESSES = 8;
const LIBRARY = resolve('dist/index.js');

const home = useHome();
let scratch: string;
let program: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-runtimes-'));
  program = join(scratch, 'runtime-process.mjs');
  await build({
    entryPoints: ['test/helpers/runtime-process.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  // All would wait for one template otherwise.
  const { status } = await home.boxlite(['run', '--rm', '-m', '128', 'busybox', 'true']);
  expect(status).toBe(0);
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

test('runtimes in many processes live on one home as if each were alone', async () => {
  const processes = await Promise.all(
    Array.from({ length: PROCESSES }, (_, number) => ready(number)),
  );
  const answers = await Promise.all(processes.map((go) => go()));
  const said = (number: number): string => `${number} 0`;
  const { shared } = answers[0] as { shared: { id: string } };
  expect(answers).toEqual(
    answers.map((_, number) => ({
      shared: { id: shared.id, made: expect.any(Boolean) as boolean, said: said(number) },
      own: ['configured', 'running', '42 0', 'stopped', 'false'],
    })),
  );
  const makers = answers.filter((answer) => (answer as { shared: { made: boolean } }).shared.made);
  expect(makers).toHaveLength(1);

  // It was started once, by whomever, and all were in the same one.
  expect(await home.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}'])).toMatch(/^shared Up /);
  const all = (await home.ok(['exec', 'shared', 'cat', '/all'])).split('\n');
  expect(all.map(Number).sort()).toEqual([...Array(PROCESSES).keys()]);
  await home.ok(['rm', '-f', 'shared']);
  await expectNothingLeft(home);
});

/** @returns lets it begin; its answer */
async function ready(number: number): Promise<() => Promise<unknown>> {
  const child = spawn(process.execPath, [program, LIBRARY, home.path, String(number)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  expect(await nextLine(lines)).toBe('ready');
  return async () => {
    child.stdin.write('go\n');
    return JSON.parse(await nextLine(lines)) as unknown;
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
