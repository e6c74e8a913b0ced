import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import { fakeWorld, runCli } from '../fake-world.js';

/** What `create` tells the engine of the environment, and what it says. */
async function create(
  config: string,
  words: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ env: BoxOptions['env']; stderr: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-proxies-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'config.json'), config);
  let env: BoxOptions['env'];
  const engine = {
    create: (options: BoxOptions) => {
      env = options.env;
      return Promise.resolve({ id: 'x' });
    },
  };
  const world = fakeWorld({ DOCKER_CONFIG: directory, ...environment });
  const { status, stderr } = await runCli(['create', ...words, 'alpine'], engine, world);
  expect(status).toBe(0);
  return { env, stderr };
}

const CONFIG = JSON.stringify({
  proxies: { default: { httpProxy: 'http://p:1' }, 'tcp://other:1': { noProxy: 'x' } },
});

test.each<[string[], string[]]>([
  [[], ['HTTP_PROXY=http://p:1', 'http_proxy=http://p:1']],
  [
    ['-e', 'HTTP_PROXY=mine', '-e', 'A=1'],
    ['HTTP_PROXY=mine', 'A=1', 'http_proxy=http://p:1'],
  ],
  [
    ['-e', 'HTTP_PROXY=', '-e', 'http_proxy='],
    ['HTTP_PROXY=', 'http_proxy='],
  ],
])('create %j has the proxies of Docker’s configuration: %j', async (words, env) => {
  expect((await create(CONFIG, words)).env).toEqual(env);
});

test('DOCKER_HOST chooses among them', async () => {
  const { env } = await create(CONFIG, [], { DOCKER_HOST: 'tcp://other:1' });
  expect(env).toEqual(['NO_PROXY=x', 'no_proxy=x']);
});

test('a file that can’t be read is told of, and the box is made', async () => {
  const { env, stderr } = await create('{', []);
  expect(env).toEqual([]);
  expect(stderr).toMatch(/^boxlite: no proxies for the box: .*config.json is not valid JSON\n$/);
});
