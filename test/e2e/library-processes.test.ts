import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../helpers/cli.js';
import { TestHome } from '../helpers/test-home.js';

const home = new TestHome();
beforeAll(() => home.create());
afterAll(() => home.remove());

const PROCESSES = 4;

/** Two runtimes in one process: one for a box that all processes share, one for a separate box. */
const PROGRAM = `
  import { BoxCommand, BoxliteRuntime } from ${JSON.stringify(resolve('dist/index.js'))};
  const [first, second] = [new BoxliteRuntime(), new BoxliteRuntime()];
  const say = async (box, text) => {
    const execution = await box.exec(new BoxCommand('echo').arg(text));
    const lines = [];
    for await (const line of execution.stdout.lines()) lines.push(line);
    const { exitCode } = await execution.wait();
    return exitCode === 0 ? lines.join() : 'failed';
  };
  const [[shared, made], own] = await Promise.all([
    first.getOrCreate({}, 'shared'),
    second.create({ memoryMib: 512 }),
  ]);
  const said = await Promise.all([say(shared, 'shared'), say(own, own.id)]);
  await second.shutdown();
  const status = (await first.getInfo(own.id)).status;
  await first.remove(own.id);
  console.log(JSON.stringify({ shared: shared.id, made, said: [said[0], said[1] === own.id], status }));
  first.close();
`;

test('many runtimes in many processes share a home at once', async () => {
  const results = await Promise.all(
    Array.from({ length: PROCESSES }, () =>
      run(process.execPath, ['--input-type=module', '-e', PROGRAM], {
        env: { ...process.env, BOXLITE_HOME: home.path },
      }),
    ),
  );
  expect(results.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
    results.map(() => ({ status: 0, stderr: '' })),
  );
  const told = results.map(
    ({ stdout }) => JSON.parse(stdout.toString()) as Record<string, unknown>,
  );
  expect(new Set(told.map(({ shared }) => shared)).size).toBe(1);
  expect(told.filter(({ made }) => made)).toHaveLength(1);
  for (const { said, status } of told)
    expect({ said, status }).toEqual({ said: ['shared', true], status: 'stopped' });
  expect(await home.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('shared');
  await home.ok(['rm', '-f', 'shared']);
});
