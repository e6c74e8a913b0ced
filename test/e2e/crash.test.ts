import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { killProcess, programOf } from '../helpers/processes.js';
import { untilNoProcess } from '../helpers/soundness.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

const STAY = ['busybox', 'sh', '-c', 'echo up; exec sleep 6000'];

/** Expects what must hold after any death: ps shows it, rm works, nothing is left. */
async function expectGone(name: string): Promise<void> {
  expect(await home.ok(['ps', '-q', '--filter', `name=${name}`])).toBe('');
  await home.ok(['rm', '-f', name]);
  // The kernel takes a while to end the processes that die with a shim.
  await untilNoProcess(home);
  expect(await home.ok(['ps', '-aq', '--filter', `name=${name}`])).toBe('');
  expect(await readdir(join(home.path, 'boxes'))).toEqual([]);
}

async function pidOf(program: RegExp): Promise<number> {
  const found = (await home.processes()).find((each) => program.test(programOf(each)));
  if (found === undefined) throw new Error(`no process of the home is ${program}`);
  return found.pid;
}

describe('kill -9', () => {
  it.each([
    ['the VMM', /qemu/],
    ['the shim', /boxlite-shim/],
  ])('of %s of a running box is told by the next ps', async (_what, program) => {
    await home.ok(['run', '-d', '--name', 'victim', ...STAY]);
    killProcess(await pidOf(program));
    // wait returns once the end is known; it needs no time-out.
    expect(await home.ok(['wait', 'victim'])).toBe('137');
    expect(await home.ok(['ps', '-a', '--format', '{{.Status}}'])).toMatch(/^Exited \(137\)/);
    await expectGone('victim');
  });

  it('of the VMM is told by the run in the foreground', async () => {
    const cli = home.start(['run', '--name', 'watched', ...STAY]);
    await cli.output(/up/);
    killProcess(await pidOf(/qemu/));
    const { status, stderr } = await cli.result;
    expect([status, stderr]).toEqual([
      125,
      'boxlite: the virtual machine of box watched ended unexpectedly: the VMM was killed by signal 9\n' +
        'the kernel kills so where memory is short (`dmesg` tells): free some, or give the box less (--memory)\n',
    ]);
    await expectGone('watched');
  });

  it('of the CLI in the foreground leaves the box running', async () => {
    const cli = home.start(['run', '--name', 'orphan', ...STAY]);
    await cli.output(/up/);
    cli.child.kill('SIGKILL');
    await cli.result;
    expect(await home.ok(['ps', '--format', '{{.Names}}'])).toBe('orphan');
    await home.ok(['rm', '-f', 'orphan']);
    expect(await home.processes()).toEqual([]);
  });

  it('of the CLI with --rm removes the box when its command ends', async () => {
    const cli = home.start([
      'run',
      '--rm',
      '--name',
      'brief',
      '-i',
      'busybox',
      'sh',
      '-c',
      'echo up; exec sleep 6000',
    ]);
    await cli.output(/up/);
    cli.child.kill('SIGKILL');
    await cli.result;
    await home.ok(['stop', '-t', '0', 'brief']);
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });

  it('of the CLI at any stage of a start leaves nothing that can not be removed', async () => {
    // Kills later and later in the start; the stage does not matter, only the state afterwards.
    for (const stopAfterMs of [20, 60, 100, 150, 200, 250, 300, 400]) {
      const cli = home.start(['run', '--name', 'early', ...STAY]);
      const timer = setTimeout(() => cli.child.kill('SIGKILL'), stopAfterMs);
      await cli.result;
      clearTimeout(timer);
      await home.ok(['ps', '-a']);
      await home.ok(['rm', '-f', 'early']);
      // The command's other processes end by themselves.
      await untilNoProcess(home);
      expect(await home.ok(['ps', '-aq'])).toBe('');
    }
  });

  it('of the CLI during a stop leaves a box that can be stopped again', async () => {
    await home.ok([
      'run',
      '-d',
      '--name',
      'stubborn',
      'busybox',
      'sh',
      '-c',
      'trap "" TERM; while :; do sleep 1; done',
    ]);
    const cli = home.start(['stop', '-t', '600', 'stubborn']);
    const timer = setTimeout(() => cli.child.kill('SIGKILL'), 300);
    await cli.result;
    clearTimeout(timer);
    expect(await home.ok(['stop', '-t', '0', 'stubborn'])).toBe('stubborn');
    await expectGone('stubborn');
  });
});
