import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { BOXLITE } from '../helpers/cli.js';

const home = mkdtempSync(join(tmpdir(), 'boxlite-full-'));
afterAll(() => rmSync(home, { recursive: true }));
const full = openSync('/dev/full', 'w');

it.each<[string, number]>([
  ['--version', 1],
  ['version', 1],
  ['help', 1],
  ['run --help', 125],
  ['image', 1],
  ['ps', 1],
  ['images', 1],
  ['events --since 1s --until 0s', 0], // has nothing to write
  ['stats --no-stream', 1],
  ['config', 1],
  ['config path', 1],
  ['completion bash', 1],
  ['system df', 1],
])('%s > /dev/full ends with %i, and names the write', (line, expected) => {
  const { status, stderr } = spawnSync(BOXLITE, line.split(' '), {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, BOXLITE_HOME: home, HOME: home },
    stdio: ['ignore', full, 'pipe'],
  });
  const told = 'boxlite: write /dev/stdout: no space left on device\n';
  expect([status, stderr]).toEqual([expected, expected === 0 ? '' : told]);
});

it('`ps | head -0` ends as SIGPIPE would end it, without a word', () => {
  const script = 'exec 3>&1; { sleep 0.1; "$0" "$@"; echo $? >&3; } | true';
  const { stdout, stderr } = spawnSync('sh', ['-c', script, BOXLITE, 'ps'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, BOXLITE_HOME: home, HOME: home },
  });
  expect([stdout, stderr]).toEqual(['141\n', '']);
});
