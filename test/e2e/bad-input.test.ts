import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHome, useHome } from '../helpers/test-home.js';

const home = useHome();
/** Nobody listens on it. */
const NO_REGISTRY = '127.0.0.1:1';
let files: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'boxlite-bad-'));
  await writeFile(join(files, 'text'), 'this is no archive\n'.repeat(100));
  await home.ok(['create', '--name', 'taken', 'busybox', 'true']);
});
afterAll(async () => {
  await home.ok(['rm', '-f', 'taken']);
  await rm(files, { recursive: true });
});

describe('bad input', () => {
  const cases: [string, string[], number, RegExp][] = [
    ['an unreachable registry', ['run', `${NO_REGISTRY}/none/such`, 'true'], 125, /127\.0\.0\.1:1/],
    ['the same for pull', ['pull', `${NO_REGISTRY}/none/such:1`], 1, /127\.0\.0\.1:1/],
    [
      'an image that may not be pulled',
      ['run', '--pull', 'never', 'missing', 'true'],
      125,
      /missing/,
    ],
    ['a reference with a space', ['run', 'not an image', 'true'], 125, /not an image/],
    ['a reference in capitals', ['run', 'BusyBox', 'true'], 125, /BusyBox/],
    ['no image', ['run'], 125, /run.*--help/s],
    [
      'a name that is taken',
      ['run', '--name', 'taken', 'busybox', 'true'],
      125,
      /taken.*[0-9a-z]{12}/s,
    ],
    ['a name with a slash', ['run', '--name', 'a/b', 'busybox', 'true'], 125, /a\/b/],
    ['a name that is too long', ['create', '--name', 'x'.repeat(64), 'busybox'], 125, /x{20}/],
    ['too little memory', ['run', '-m', '64m', 'busybox', 'true'], 125, /128/],
    ['memory that is no number', ['run', '-m', 'much', 'busybox', 'true'], 125, /much/],
    ['no CPU at all', ['run', '--cpus', '0', 'busybox', 'true'], 125, /cpus/],
    ['an unknown flag of run', ['run', '--nope', 'busybox', 'true'], 125, /--nope/],
    ['an unknown flag of ps', ['ps', '--nope'], 1, /--nope/],
    ['an unknown verb', ['nope'], 1, /nope/],
    ['an unknown filter', ['ps', '--filter', 'color=red'], 1, /color/],
    ['a malformed template', ['ps', '--format', '{{.Names'], 64, /template/i],
    [
      '-it without a terminal',
      ['run', '-it', 'busybox', 'true'],
      125,
      /the input device is not a TTY/,
    ],
    ['exec in an unknown box', ['exec', 'nobox', 'true'], 125, /nobox/],
    ['exec in a box that does not run', ['exec', 'taken', 'true'], 125, /taken is not running/],
    ['start of an unknown box', ['start', 'nobox'], 1, /nobox/],
    ['stop of an unknown box', ['stop', 'nobox'], 1, /nobox/],
    ['rm of an unknown box', ['rm', 'nobox'], 1, /nobox/],
    ['kill of a box that does not run', ['kill', 'taken'], 1, /taken is not running/],
    ['logs of an unknown box', ['logs', 'nobox'], 1, /nobox/],
    ['wait for an unknown box', ['wait', 'nobox'], 1, /nobox/],
    ['an accelerator nobody knows', ['--accel', 'warp', 'run', 'busybox', 'true'], 125, /warp/],
    ['load of a missing file', ['load', '-i', '/no/such.tar'], 1, /\/no\/such\.tar/],
    ['import of a missing file', ['import', '/no/such.tar'], 1, /\/no\/such\.tar/],
  ];
  it.each(cases)(
    '%s is told apart, with nothing on stdout',
    async (_what, args, status, reason) => {
      const { status: code, stdout, stderr } = await home.boxlite(args);
      expect({ status: code, stdout: stdout.toString(), stderr }).toMatchObject({
        status,
        stdout: '',
      });
      expect(stderr).toMatch(reason);
      expect(stderr).toMatch(/^boxlite: /m);
      expect(stderr).not.toMatch(/bug in BoxLite|at .*\.js:\d+/);
    },
  );

  it('a file that is no archive can neither be loaded nor imported', async () => {
    for (const args of [
      ['load', '-i', join(files, 'text')],
      ['import', join(files, 'text')],
    ]) {
      const { status, stdout, stderr } = await home.boxlite(args);
      expect([status, stdout.toString()]).toEqual([1, '']);
      expect(stderr).toMatch(/^boxlite: /);
    }
  });

  it('rm -f of an unknown box is no error', async () => {
    expect(await home.boxlite(['rm', '-f', 'nobox'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('of one target does not keep the others from being done', async () => {
    const { status, stdout, stderr } = await home.boxlite(['inspect', 'nobox', 'taken', 'nobox2']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout.toString())).toMatchObject([{ Name: '/taken' }]);
    expect(stderr).toMatch(/nobox\b[^]*nobox2/);
  });

  it('a QEMU that is not there or too old is named', async () => {
    const missing = await home.boxlite(['run', '--rm', 'busybox', 'true'], {
      env: { BOXLITE_QEMU: '/no/such/qemu' },
    });
    expect([missing.status, missing.stdout.toString()]).toEqual([125, '']);
    expect(missing.stderr).toMatch(/\/no\/such\/qemu/);
    const old = join(files, 'qemu-old');
    await writeFile(old, '#!/bin/sh\necho "QEMU emulator version 6.2.0"\n', { mode: 0o755 });
    const tooOld = await home.boxlite(['run', '--rm', 'busybox', 'true'], {
      env: { BOXLITE_QEMU: old },
    });
    expect([tooOld.status, tooOld.stdout.toString()]).toEqual([125, '']);
    expect(tooOld.stderr).toMatch(/QEMU 6\.2\.0 .*is too old/);
  });

  it('a home without a kernel says what to run', async () => {
    const bare = new TestHome();
    await bare.create();
    await rm(join(bare.path, 'assets'), { recursive: true });
    const { status, stdout, stderr } = await bare.boxlite(['run', '--rm', 'busybox', 'true']);
    expect([status, stdout.toString()]).toEqual([125, '']);
    expect(stderr).toMatch(/boxlite setup/);
    expect(await bare.ok(['ps', '-aq'])).toBe('');
    expect(await bare.remove()).toEqual([]);
  });

  it('leaves no box behind', async () => {
    expect(await home.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('taken');
  });
});
