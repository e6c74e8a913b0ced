import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { BOXLITE, run } from '../helpers/cli.js';
import { expectNothingLeft } from '../helpers/soundness.js';
import { stopsItself } from '../helpers/stopped-process.js';
import { useHome } from '../helpers/test-home.js';

const execute = promisify(execFile);
const home = useHome();
const other = useHome('other');

const UP = ['busybox', 'echo', 'up'];
const WORK = ['busybox', 'sh', '-c', 'echo up; sleep 6000 & wait'];

afterEach(async () => {
  await home.ok(['rm', '-f', 'web']);
  await expectNothingLeft(home);
});

describe('a running box of which somebody has deleted', () => {
  test.each([
    ['the directory', [], ['start', 'stop', 'rm']],
    ['the socket', ['shim.sock'], ['start', 'rm']],
  ])('%s is not told to have ended, and goes with rm -f', async (what, files, refused) => {
    const id = await home.ok(['run', '-d', '--name', 'web', ...WORK]);
    const directory = join(home.path, 'boxes', id);
    for (const file of files) await rm(join(directory, file));
    if (files.length === 0) await rm(directory, { recursive: true });
    expect(await home.ok(['ps', '-a', '--format', '{{.Status}}']), what).toBe('Unknown');
    for (const command of refused) {
      const { status, stderr } = await home.boxlite([command, 'web']);
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/^boxlite: .*box web runs, but can't be reached: .*\n.*rm -f web/),
      ]);
    }
    await home.ok(['rm', '-f', 'web']);
    await expectNothingLeft(home);
  });

  test('the socket alone is ended in order by stop', async () => {
    const id = await home.ok(['run', '-d', '--name', 'web', ...WORK]);
    await home.ok(['exec', 'web', 'sh', '-c', 'echo well > /kept']);
    await rm(join(home.path, 'boxes', id, 'shim.sock'));
    await home.ok(['stop', 'web']);
    expect(await home.ok(['ps', '-a', '--format', '{{.Status}}'])).toMatch(/^Exited /);
    await home.ok(['start', 'web']);
    expect(await home.ok(['exec', 'web', 'cat', '/kept'])).toBe('well');
  });
});

test('a box that does not run and has lost its directory starts anew, and is removed', async () => {
  const id = await home.ok(['create', '--name', 'web', ...WORK]);
  await rm(join(home.path, 'boxes', id), { recursive: true });
  expect(await home.ok(['ps', '-a', '--format', '{{.Status}}'])).toBe('Created');
  await home.ok(['start', 'web']);
  expect(await home.ok(['exec', 'web', 'echo', 'in'])).toBe('in');
});

test('a host that allows few open files is no reason not to start', async () => {
  const env = { HOME: home.path, BOXLITE_HOME: home.path, LANG: 'C.UTF-8' };
  const script = 'ulimit -n 1024 && exec "$0" "$@"';
  const command = [BOXLITE, 'run', '--rm', 'busybox', 'echo', 'well'];
  // Takes away the right to raise limits again, as for every user but root.
  const unprivileged = ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource'];
  const { status, stdout, stderr } = await run(
    unprivileged[0] ?? '',
    [...unprivileged.slice(1), 'sh', '-c', script, ...command],
    { env },
  );
  expect([status, stdout.toString(), stderr]).toEqual([0, 'well\n', '']);
});

/** As the kernel does where memory is short. */
test.each(['start:shim-up', 'start:restored'] as const)(
  'a VMM that is killed at %s is told, and its template stays',
  async (at) => {
    await home.ok(['run', '--rm', ...UP]);
    const templates = await readdir(join(home.path, 'templates'));
    const cli = home.start(['run', '--name', 'web', ...UP], {
      env: { BOXLITE_CRASH_AT: `${at}=STOP` },
    });
    cli.child.stdin.end();
    await stopsItself(cli);
    const vmm = (await home.processes()).find(({ command }) => command.includes('qemu'));
    process.kill(vmm?.pid ?? 0, 'SIGKILL');
    cli.child.kill('SIGCONT');
    const { status, stderr } = await cli.result;
    expect([status, stderr]).toEqual([
      125,
      expect.stringMatching(/^boxlite: .*killed by signal 9\n(  \| .*\n)*.*memory is short/),
    ]);
    expect(await readdir(join(home.path, 'templates'))).toEqual(templates);
    expect(await home.ok(['start', '-a', 'web'])).toBe('up');
  },
);

test('two homes side by side know nothing of each other', async () => {
  const [one, two] = await Promise.all(
    [home, other].map((each) => each.ok(['run', '-d', '--name', 'web', ...WORK])),
  );
  expect(one).not.toBe(two);
  expect(await home.ok(['ps', '-q', '--no-trunc'])).toBe(one);
  await home.ok(['rm', '-f', 'web']);
  expect(await other.ok(['ps', '-q', '--no-trunc'])).toBe(two);
  expect(await other.ok(['exec', 'web', 'echo', 'in'])).toBe('in');
  await other.ok(['rm', '-f', 'web']);
  await expectNothingLeft(other);
});

describe('a home that has become read-only', () => {
  test('refuses what must write by its path, and is unharmed', async () => {
    const id = await home.ok(['create', '--name', 'web', ...WORK]);
    await execute('mount', ['--bind', home.path, home.path]);
    try {
      await execute('mount', ['-o', 'remount,bind,ro', home.path]);
      for (const command of [
        ['create', ...WORK],
        ['start', 'web'],
        ['rm', 'web'],
      ]) {
        const { status, stderr } = await home.boxlite(command);
        expect({ command, status, stderr }).toEqual({
          command,
          status: command[0] === 'create' ? 125 : 1,
          stderr: expect.stringContaining(join(home.path, 'boxlite.db')) as string,
        });
        expect(stderr).toContain('give yourself write access to the home');
      }
    } finally {
      await execute('umount', [home.path]);
    }
    expect(await readdir(join(home.path, 'boxes'))).toEqual([id]);
    expect(await home.ok(['start', 'web'])).toBe('web');
  });
});
