import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { BOXLITE, run } from '../helpers/cli.js';
import { tinyRuntime } from '../helpers/tiny-runtime.js';

/** A place without directories ends each verb at once; one that went on would be killed. */
const SOON_MS = 60_000;

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-around-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

describe('a home that can not be made', () => {
  test.each([
    ['ps'],
    ['images'],
    ['run', 'busybox', 'true'],
    ['pull', 'busybox'],
    ['rm', 'x'],
    ['events', '--until', '0s'],
    ['system', 'df'],
    ['config', 'set', 'cpus', '2'],
    ['setup'],
  ])('ends %s with the reason', async (...command) => {
    const { status, stderr } = await run(BOXLITE, ['--home', '/proc/nope', ...command], {
      timeoutMs: SOON_MS,
    });
    expect(status).toBe(command[0] === 'run' ? 125 : 1);
    expect(stderr).toMatch(/^boxlite: can't create (the home )?\/proc\/nope.*: ENOENT: no such/m);
  });

  test('ends the library’s calls, too', async () => {
    const runtime = new BoxliteRuntime({ homeDir: '/proc/nope' });
    await expect(runtime.listInfo()).rejects.toMatchObject({ code: 'path-not-found' });
  });

  test('nor can a volume’s directory be', async () => {
    const { runtime } = await tinyRuntime();
    const volumes = [{ hostPath: '/proc/nope/x', guestPath: '/x', createHostPath: true }];
    const made = runtime.create({ rootfs: { image: 'tiny' }, volumes });
    await expect(made).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(await runtime.listInfo()).toEqual([]);
  });
});

describe('in a working directory that has been deleted', () => {
  const gone = 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"';
  const from = (...args: string[]) =>
    run('sh', ['-c', gone, 'sh', process.execPath, '--', BOXLITE, ...args], {
      env: { HOME: scratch() },
    });

  test.each([
    [['--home', 'rel', 'ps'], '"rel"'],
    [['create', '-v', './x:/y', 'busybox'], '"./x"'],
    [['create', '--rootfs', './r'], '"./r"'],
  ])('%j says that its path has no beginning', async (args, path) => {
    const { stderr } = await from(...args);
    expect(stderr).toBe(
      `boxlite: ${path} is relative to the working directory, which has been deleted\n` +
        'change to a directory that exists (`cd`), or give an absolute path\n',
    );
  });

  test('absolute paths do', async () => {
    const { status, stderr } = await from('--home', join(scratch(), 'home'), 'ps');
    expect([status, stderr]).toEqual([0, '']);
  });
});

/** Node itself needs some 19. */
test.each([19, 20, 21, 22])('with %i open files nothing else is blamed', async (most) => {
  const { home } = await tinyRuntime();
  const script = `ulimit -n ${most} && exec "$@"`;
  for (const command of ['ps', 'images']) {
    const { status, stderr } = await run(
      'bash',
      ['-c', script, 'bash', process.execPath, '--', BOXLITE, '--home', home.root, command],
      { env: { HOME: home.root } },
    );
    if (status !== 0) expect(stderr).toMatch(/too many open files/);
    expect(stderr).not.toMatch(/bug|write access/);
  }
});

test('without the id of the host’s boot no box is made', async () => {
  const { home } = await tinyRuntime();
  const hide = 'mount -t tmpfs none /proc/sys/kernel/random && exec "$@"';
  const { status, stderr } = await run(
    'unshare',
    ['-m', 'sh', '-c', hide, 'sh', BOXLITE, '--home', home.root, 'run', '--rm', 'tiny'],
    { env: { HOME: home.root } },
  );
  expect([status, stderr]).toEqual([
    125,
    'boxlite: /proc has no /proc/sys/kernel/random/boot_id, so that nobody can tell which ' +
      'processes still run\nmount /proc here as a whole: mount -t proc proc /proc\n',
  ]);
  expect(() => readdirSync(home.boxes())).toThrow(/ENOENT/);
});

test('a box whose cidfile can’t be written is not made', async () => {
  const { home, runtime } = await tinyRuntime();
  const cidfile = join(home.root, 'no', 'cid');
  const { status, stderr } = await run(
    BOXLITE,
    ['--home', home.root, 'create', '--cidfile', cidfile, 'tiny'],
    { env: { HOME: home.root } },
  );
  expect([status, stderr]).toEqual([125, expect.stringContaining(cidfile)]);
  expect(await runtime.listInfo()).toEqual([]);
});
