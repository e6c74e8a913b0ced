import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../helpers/cli.js';
import { TestHome } from '../helpers/test-home.js';

const home = new TestHome();
beforeAll(() => home.create());
afterAll(() => home.remove());

const EXAMPLES: Readonly<Record<string, string>> = {
  'commit-image': 'made localhost/greeting:latest\n',
  'copy-files': 'apple\npear\n\n',
  'healthy-service': 'create\nstart\nhealth_status: starting\nhealth_status: healthy\n',
  'run-command': 'exit code 0: Linux x86_64\n',
  'untrusted-script': 'user 1000\nended by its time-out\n',
};

test('every example is run here', () => {
  const names = readdirSync('examples').filter((name) => name.endsWith('.mjs'));
  expect(names.sort()).toEqual(Object.keys(EXAMPLES).map((name) => `${name}.mjs`));
});

test.each(Object.entries(EXAMPLES))(
  '%s prints what it promises, and leaves no box',
  async (name, output) => {
    const { status, stdout, stderr } = await run(process.execPath, [`examples/${name}.mjs`], {
      env: { BOXLITE_HOME: home.path },
      timeoutMs: 120_000,
    });
    expect({ status, stdout: stdout.toString(), stderr }).toEqual({
      status: 0,
      stdout: output,
      stderr: '',
    });
    expect(await home.ok(['ps', '-aq'])).toBe('');
  },
);

test('the image that an example makes runs what the example says', async () => {
  expect(await home.ok(['run', '--rm', 'localhost/greeting'])).toBe('hello');
});
