import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/engine/machine/crash-point.js';
import { openSqlite } from '../../src/store/sqlite/sqlite.js';
import { killProcess, programOf } from '../helpers/processes.js';
import { expectNothingLeft, filesAround, untilNoProcess } from '../helpers/soundness.js';
import { isStopped, stopsItself } from '../helpers/stopped-process.js';
import { useHome } from '../helpers/test-home.js';
import {
  deaths,
  ENDED,
  GONE,
  otherDeaths,
  PAUSED,
  PROGRAM,
  RESTARTING,
  type Scene,
  scenes,
  UP,
  WORK,
} from './crash-scenes.js';

const home = useHome();
const BLOB_BYTES = 4 * 2 ** 20;
/** Nothing, or the notice that a template is being created. */
const NOTICES = /^(boxlite: preparing a template .*\n)?$/;

let around: string[];
/** Source and destination of `cp`; it is in the home, so that its processes count as the home's. */
let scratch: string;
let images: string;

beforeAll(async () => {
  // Creates what all other runs expect: the blank disks of all sizes in use.
  await home.ok(['run', '--rm', 'busybox', 'true']);
  scratch = join(home.path, 'user');
  await mkdir(scratch, { recursive: true });
  // More than one frame, and more than can be in transit at once.
  await writeFile(join(scratch, 'blob'), randomBytes(BLOB_BYTES));
  await home.ok(['create', '--name', 'victim', 'busybox']);
  await home.ok(['cp', `victim:${PROGRAM}`, './program'], { cwd: scratch });
  await home.ok(['rm', 'victim']);
  around = await filesAround(home);
  images = await home.ok(['images', '--format', '{{.Repository}} {{.ID}} {{.Size}}']);
});

test('every place that can be named is in the table', () => {
  const named = new Set(deaths.map(([, point]) => point));
  const hooks: CrashPoint[] = ['hook:begun', 'hook:started'];
  // Those of volumes have no box: disk-volumes.test.ts, test/integration/volume-copies.test.ts.
  const ofBoxes = CRASH_POINTS.filter((point) => !point.startsWith('volume:'));
  expect([...named, ...hooks].sort()).toEqual(ofBoxes.sort());
});

describe('kill -9 of the command', () => {
  test.each(deaths)('in %s at %s', async (scene, point, status) => {
    const mark = await prepare(scenes[scene]);
    const env = { BOXLITE_CRASH_AT: point };
    const { status: end, stderr } = await home.boxlite(scenes[scene].command, {
      env,
      cwd: scratch,
    });
    expect([end, stderr]).toEqual(['SIGKILL', expect.stringMatching(NOTICES)]);
    // The exit hook finishes the dead command's work.
    if (scene === 'run --rm in the foreground') await untilGone();
    // The signal is already sent; the box ends when it arrives.
    if (point === 'stop:signalled' && status === ENDED) await home.ok(['wait', 'victim']);
    await expectSound(status, mark);
  });
});

describe.each(['boxlite-shim', 'qemu-system-x86_64'])('kill -9 of %s', (program) => {
  test.each(otherDeaths)('in %s at %s', async (scene, point, status, expected) => {
    const mark = await prepare(scenes[scene]);
    const cli = home.start(scenes[scene].command, {
      env: { BOXLITE_CRASH_AT: `${point}=STOP` },
      cwd: scratch,
    });
    cli.child.stdin.end();
    await stopsItself(cli);
    const victim = (await home.processes()).find((each) => programOf(each) === program);
    expect(victim).toBeDefined();
    killProcess(victim?.pid ?? 0);
    await untilDead(program);
    cli.child.kill('SIGCONT');
    const { status: end, stderr } = await cli.result;
    expect(end).toBe(expected);
    expect(stderr).toMatch(expected === 0 ? /^$/ : /^boxlite: .*\b(victim|box \w{26})\b/);
    await expectSound(status, mark);
  });
});

describe('kill -9 of the exit hook', () => {
  const brief = ['run', '-d', '--rm', '--name', 'victim', 'busybox', 'true'];
  test.each<[CrashPoint, RegExp]>([
    ['hook:begun', ENDED],
    ['remove:locked', ENDED],
    ['remove:renamed', ENDED],
    ['remove:forgotten', GONE],
  ])('at %s', async (point, status) => {
    await home.ok(brief, { env: { BOXLITE_CRASH_AT: `${point}=STOP` } });
    killProcess(await stoppedHook());
    await untilNoProcess(home);
    expect(await statusOfVictim()).toMatch(status);
    await home.ok(['rm', '-f', 'victim']);
    await expectNothingLeft(home);
  });
});

describe('kill -9 of the hook that starts a box again', () => {
  const work = ['run', '-d', '--restart', 'always', '--name', 'victim', ...WORK];
  test.each<[CrashPoint, RegExp]>([
    ['hook:begun', RESTARTING],
    ['start:locked', RESTARTING],
    ['start:shim-up', RESTARTING],
    ['start:running', UP],
    ['hook:started', UP],
  ])('at %s', async (point, status) => {
    // The hook inherits the environment of the command that starts the box, which reaches the point first.
    await prepare({ before: 'none', command: [] });
    const cli = home.start(work, { env: { BOXLITE_CRASH_AT: `${point}=STOP` } });
    cli.child.stdin.end();
    if (point.startsWith('start:')) {
      await stopsItself(cli);
      cli.child.kill('SIGCONT');
    }
    expect((await cli.result).status).toBe(0);
    const mark = await markInLog();
    // The exec may be killed together with the process that it ends.
    await home.boxlite(['exec', 'victim', 'kill', '-TERM', '1']);
    const killed = await stoppedHook();
    killProcess(killed);
    expect(await statusOfVictim()).toMatch(status);
    // The supervisor runs the hook again; unless the box runs, that one reaches the same point.
    if (status !== UP) process.kill(await stoppedHook(killed), 'SIGCONT');
    await untilOneSupervisor();
    expect(await home.ok(['inspect', '--format', '{{.RestartCount}}', 'victim'])).toBe('1');
    await expectSound(UP, mark);
  });
});

test('a start that was killed once its command ran is recorded like any other', async () => {
  const record = (): unknown => {
    const database = openSqlite(join(home.path, 'boxlite.db'));
    try {
      return database
        .prepare('SELECT start_count, restart_count, accelerator, template_key FROM boxes')
        .get();
    } finally {
      database.close();
    }
  };
  await prepare({ before: 'stopped', command: [] });
  const before = record() as Record<string, unknown>;
  expect(before).toMatchObject({ start_count: 1, accelerator: expect.any(String) as string });
  const env = { BOXLITE_CRASH_AT: 'start:running' };
  expect((await home.boxlite(['start', 'victim'], { env })).status).toBe('SIGKILL');
  await home.ok(['stop', 'victim']);
  expect(record()).toEqual({
    ...before,
    start_count: 2,
    template_key: expect.any(String) as string,
  });
  await home.ok(['rm', 'victim']);
});

test('a machine that a killed export has left keeps its box from starting', async () => {
  const mark = await prepare({ before: 'stopped', command: [] });
  const env = { BOXLITE_CRASH_AT: 'export:machine-up=STOP' };
  const cli = home.start(['export', 'victim'], { env });
  await stopsItself(cli);
  const shim = (await home.processes()).find((each) => programOf(each) === 'boxlite-shim');
  // It can't stop its machine now.
  process.kill(shim?.pid ?? 0, 'SIGSTOP');
  cli.child.kill('SIGKILL');
  await cli.result;
  const { status, stderr } = await home.boxlite(['start', 'victim']);
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^boxlite: the machine that an export or a copy of box .* has left/),
  ]);
  process.kill(shim?.pid ?? 0, 'SIGCONT');
  await home.ok(['start', 'victim']);
  await expectSound(UP, mark);
});

test('all that was there before is there, and can be used and removed', async () => {
  expect(await home.ok(['images', '--format', '{{.Repository}} {{.ID}} {{.Size}}'])).toBe(images);
  await home.ok(['image', 'prune', '-f']);
  expect(await home.ok(['run', '--rm', 'busybox', 'echo', 'well'])).toBe('well');
  expect(await filesAround(home)).toEqual(expect.arrayContaining(around));
  expect((await readdir(join(home.path, 'templates'))).filter((n) => n.startsWith('.'))).toEqual(
    [],
  );
});

afterAll(async () => {
  await home.boxlite(['rm', '-f', 'victim']);
});

/** @returns the mark on the box's disk, if the box has run */
async function prepare({ before, options = [] }: Scene): Promise<string | undefined> {
  await home.ok(['rm', '-f', 'victim']);
  if (before === 'none') return undefined;
  await home.ok(['create', '--name', 'victim', ...options, ...WORK]);
  if (before === 'created') return undefined;
  await home.ok(['start', 'victim']);
  const mark = await markInLog();
  if (before === 'paused') await home.ok(['pause', 'victim']);
  if (before === 'stopped') {
    await home.ok(['kill', 'victim']);
    await home.ok(['wait', 'victim']);
  }
  return mark;
}

/** Returns the mark that the box prints once its disk has it. */
async function markInLog(): Promise<string> {
  const logs = home.start(['logs', '-f', 'victim']);
  const [, mark = ''] = await logs.output(/up (\S+)/);
  logs.child.kill('SIGKILL');
  await logs.result;
  return mark;
}

const statusOfVictim = (): Promise<string> =>
  home.ok(['ps', '-a', '--filter', 'name=victim', '--format', '{{.Status}}']);

/**
 * Expects that `ps` shows the actual state, that the box starts with its data, and that `rm` leaves nothing.
 */
async function expectSound(status: RegExp, mark: string | undefined): Promise<void> {
  const shown = await statusOfVictim();
  expect(shown).toMatch(status);
  if (shown !== '') {
    if (PAUSED.test(shown)) await home.ok(['unpause', 'victim']);
    if (!shown.startsWith('Up ')) {
      const { status: end, stderr } = await home.boxlite(['start', 'victim']);
      expect([end, stderr]).toEqual([0, expect.stringMatching(NOTICES)]);
    }
    if (mark !== undefined) expect(await home.ok(['exec', 'victim', 'cat', '/mark'])).toBe(mark);
  }
  await home.ok(['rm', '-f', 'victim']);
  await expectNothingLeft(home);
  await expectWholeFiles();
}

/** Expects that a copy to the host is complete or absent. */
async function expectWholeFiles(): Promise<void> {
  const names = await readdir(scratch);
  expect(['blob', 'out', 'program']).toEqual(expect.arrayContaining(names));
  if (!names.includes('out')) return;
  const [program, out] = await Promise.all(
    ['program', 'out'].map((name) => readFile(join(scratch, name))),
  );
  expect(out?.equals(program ?? Buffer.alloc(0))).toBe(true);
  await rm(join(scratch, 'out'));
}

/** The box removes itself without any process of ours, so we can only poll. */
async function untilGone(): Promise<void> {
  while ((await statusOfVictim()) !== '');
}

/** The hook that the shim has run after the box ended, once it has stopped itself. */
async function stoppedHook(except?: number): Promise<number> {
  for (;;) {
    const hook = (await home.processes()).find(
      ({ pid, command }) => pid !== except && command.includes('__on-exit'),
    );
    if (hook !== undefined && (await isStopped(hook.pid))) return hook.pid;
  }
}

/** Resolves when the last run's supervisor and its hook have ended. */
async function untilOneSupervisor(): Promise<void> {
  for (;;) {
    const found = await home.processes();
    if (found.some(({ command }) => command.includes('__on-exit'))) continue;
    if (found.filter((each) => programOf(each) === 'boxlite-shim').length === 1) return;
  }
}

/** Resolves when the process, and those that die with it, have gone. */
async function untilDead(program: string): Promise<void> {
  const names = ['qemu-system-x86_64', ...(program === 'boxlite-shim' ? ['boxlite-shim'] : [])];
  for (;;) {
    const left = await home.processes();
    if (!left.some((each) => names.includes(programOf(each)))) return;
  }
}
