import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { expectNothingLeft } from '../helpers/soundness.js';
import { useHome } from '../helpers/test-home.js';
import { race } from '../helpers/waiting-process.js';

const PROCESSES = 8;
const LIBRARY = resolve('dist/index.js');

const home = useHome();
let scratch: string;
let program: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-runtimes-'));
  program = join(scratch, 'runtime-process.mjs');
  await bundleHelper('runtime-process', program);
  // Otherwise all processes would wait for one template.
  const { status } = await home.boxlite(['run', '--rm', '-m', '128', 'busybox', 'true']);
  expect(status).toBe(0);
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

test('runtimes in many processes live on one home as if each were alone', async () => {
  const each = Array.from({ length: PROCESSES }, (_, number) => [LIBRARY, home.path, `${number}`]);
  const answers = await race(program, each);
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

  // One process started it, and all used the same box.
  expect(await home.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}'])).toMatch(/^shared Up /);
  const all = (await home.ok(['exec', 'shared', 'cat', '/all'])).split('\n');
  expect(all.map(Number).sort()).toEqual([...Array(PROCESSES).keys()]);
  await home.ok(['rm', '-f', 'shared']);
  await expectNothingLeft(home);
});
