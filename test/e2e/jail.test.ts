import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const NATIVE = join(import.meta.dirname, '../../native');

const home = useHome();
let env: Record<string, string>;

/** The native programs, with an interposer that tries QEMU's jail from inside (test/native/shim/probe.c). */
beforeAll(async () => {
  await execa('make', ['-s', '-C', NATIVE, 'build/test/shim/probed-ram.so']);
  // Beside the home: whatever has the home's path in its command counts as left running in it.
  const directory = join(home.path, '..', 'probed');
  await mkdir(directory);
  for (const name of await readdir(join(NATIVE, 'build')))
    if (name.startsWith('boxlite-'))
      await symlink(join(NATIVE, 'build', name), join(directory, name));
  await rm(join(directory, 'boxlite-ram.so'));
  await symlink(join(NATIVE, 'build/test/shim/probed-ram.so'), join(directory, 'boxlite-ram.so'));
  env = { BOXLITE_NATIVE: directory };
});

/** Starts a box whose QEMU makes these attempts. @returns the report, and how `run` ended */
async function attempt(orders: string, preset = 'standard') {
  const volume = join(home.path, 'volume');
  await rm(volume, { recursive: true, force: true });
  await mkdir(volume);
  await writeFile(join(volume, 'orders'), orders);
  await writeFile(join(volume, 'report'), '', { mode: 0o666 });
  const flags = ['--rm', '--security', preset, '-v', `${volume}:/v`];
  const command = ['run', ...flags, 'busybox', 'sh', '-c', WAIT];
  const result = await home.boxlite(command, { env });
  return { result, report: await readFile(join(volume, 'report'), 'utf8') };
}

/** Until all has been tried; who can't try ends the box by this. */
const WAIT = 'n=0; until grep -q done /v/report; do n=$((n + 1)); [ $n -lt 600 ]; sleep 0.1; done';

test.each(['standard', 'maximum'])(
  'the real QEMU, taken over after its lock has closed, reaches nothing of the host: %s',
  async (preset) => {
    const { result, report } = await attempt('all', preset);
    expect(report.trim().split('\n')).toEqual([
      'a secret file: ENOENT',
      'passwords: ENOENT',
      'homes: ENOENT',
      'state: ENOENT',
      '/run: ENOENT',
      'processes: EACCES',
      'root of the first process: ENOENT',
      'settings of the kernel: ENOENT',
      '/sys: ENOENT',
      'a program, for writing: EACCES',
      'a new file: EROFS',
      'above its directory: ENOENT',
      'a read-only file, written: EBADF',
      'a read-only file, opened again: EACCES',
      'a read-only file, mapped: EACCES',
      'a read-only file, cut: EINVAL',
      'a read-only file, cut by its path: ENOSYS',
      'a read-only file, its mode: EROFS',
      'another process: ENOSYS',
      'a clone of the mounts: ENOSYS',
      'io_uring: ENOSYS',
      "the host's name: ENOSYS",
      'done',
    ]);
    expect(result).toMatchObject({ status: 0, stderr: '' });
  },
);

test.each([
  ['abort', 6],
  ['SIGBUS', 7],
])('an end of QEMU’s own is told as what it is: %s', async (orders, signal) => {
  const { result } = await attempt(orders);
  expect(result.stderr).toContain(`killed by signal ${signal}`);
});

test.each([
  'another process, signalled',
  'another process, traced',
  'the internet',
  'a socket of the host',
  'namespaces',
  'bpf',
  'keys',
  'another program',
])('the lock ends a QEMU that tries %s, and says why', async (name) => {
  const { result, report } = await attempt(name);
  // Nothing came of it.
  expect(report.replace(`${name}: `, '')).toBe('');
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain('made a system call that no VMM needs');
});
