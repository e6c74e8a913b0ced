import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { actionsOf, EventFollower } from '../helpers/event-follower.js';
import { lookUntil } from '../helpers/look-until.js';
import { killAndWait, killProcess, programOf } from '../helpers/processes.js';
import { untilNoProcess } from '../helpers/soundness.js';
import { isStopped } from '../helpers/stopped-process.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

const FAIL = ['busybox', 'sh', '-c', 'exit 3'];
const STAY = ['busybox', 'sh', '-c', 'echo up; exec sleep 6000'];

/** Fails the first time, and keeps running the second. */
const FAIL_ONCE = ['busybox', 'sh', '-c', 'rm /again && exec sleep 6000; touch /again; exit 3'];

/** A hook of the home. It is not our child, so we can only poll for it. */
async function hookOf(is: (pid: number) => Promise<boolean>): Promise<number> {
  for (;;) {
    for (const { pid, command } of await home.processes())
      if (command.includes(' __on-exit ') && (await is(pid))) return pid;
    await turn();
  }
}

/** The shim of the box's last run, from that run's record. */
async function shimOf(name: string): Promise<number> {
  const id = await home.ok(['inspect', '--format', '{{.Id}}', name]);
  const started = await readFile(join(home.path, 'boxes', id, 'started.json'), 'utf8');
  return (JSON.parse(started) as { shimPid: number }).shimPid;
}

/** The hook of an earlier run may still be ending when the next run has ended too. */
async function untilOnlyWeAreLeft(): Promise<void> {
  const others = async () => (await home.processes()).filter((each) => programOf(each) !== 'node');
  await lookUntil(others, (left) => left.length === 0);
}

const status = (name: string) => home.ok(['inspect', '--format', '{{.State.Status}}', name]);
const count = (name: string) => home.ok(['inspect', '--format', '{{.RestartCount}}', name]);

describe('a restart policy', () => {
  it('starts a box that fails as often as it says, with nobody there', async () => {
    await using events = await EventFollower.start(home, 'fails');
    await home.ok(['run', '-d', '--name', 'fails', '--restart', 'on-failure:2', ...FAIL]);
    await events.seen('fails', 'die', 3);
    expect([await status('fails'), await count('fails')]).toEqual(['exited', '2']);
    expect(await home.ok(['wait', 'fails'])).toBe('3');
    await home.ok(['rm', 'fails']);
    await untilOnlyWeAreLeft();
  });

  it('on-failure leaves a box alone that succeeds', async () => {
    await home.ok(['run', '-d', '--name', 'fine', '--restart', 'on-failure', 'busybox', 'true']);
    expect(await home.ok(['wait', 'fine'])).toBe('0');
    expect(await home.ok(['ps', '-a', '--format', '{{.Status}}'])).toMatch(/^Exited \(0\)/);
    await home.ok(['rm', 'fine']);
    expect(await home.processes()).toEqual([]);
  });

  it('gives the foreground the first exit code, and goes on', async () => {
    await using events = await EventFollower.start(home, 'front');
    const { status: code } = await home.boxlite([
      ...['run', '--name', 'front', '--restart', 'always', ...FAIL],
    ]);
    expect(code).toBe(3);
    await events.seen('front', 'start', 2);
    await home.ok(['rm', '-f', 'front']);
    await untilOnlyWeAreLeft();
  });

  it('and --rm exclude each other, in Docker’s words', async () => {
    const { status: code, stderr } = await home.boxlite([
      ...['run', '--rm', '--restart', 'always', 'busybox', 'true'],
    ]);
    expect([code, stderr]).toEqual([
      125,
      'boxlite: conflicting options: cannot specify both --restart and --rm\n',
    ]);
  });

  it('that update gives to a running box counts at once, and is taken back the same way', async () => {
    await using events = await EventFollower.start(home, 'later');
    const untilTold = 'until rm /go 2> /dev/null; do sleep 0.1; done; exit 4';
    // The exec may be killed together with the box: then its status is 137.
    const tell = () => home.boxlite(['exec', 'later', 'touch', '/go']);
    await home.ok(['run', '-d', '--name', 'later', 'busybox', 'sh', '-c', untilTold]);
    await home.ok(['update', '--restart', 'always', 'later']);
    await tell();
    await events.seen('later', 'start', 2);
    await home.ok(['update', '--restart', 'no', 'later']);
    await tell();
    await events.seen('later', 'die', 2);
    expect(await status('later')).toBe('exited');
    await home.ok(['rm', '-f', 'later']);
  });
});

describe('a user’s word', () => {
  it.each([
    ['stop', ['stop', '-t', '0']],
    ['kill', ['kill']],
    ['kill -s INT', ['kill', '-s', 'INT']],
  ])('%s counts more than the policy', async (_what, verb) => {
    const trap = 'trap "exit 5" INT; echo up; while :; do sleep 0.1; done';
    await home.ok([
      ...['run', '-d', '--name', 'ended', '--restart', 'always', 'busybox', 'sh', '-c', trap],
    ]);
    // The command has set its trap before it prints.
    const logs = home.start(['logs', '-f', 'ended']);
    await logs.output(/up/);
    await home.ok([...verb, 'ended']);
    await logs.result;
    await home.ok(['wait', 'ended']);
    expect(await status('ended')).toBe('exited');
    await home.ok(['rm', 'ended']);
    expect(await home.processes()).toEqual([]);
  });
});

describe('while a box waits to be started again', () => {
  /** Keeps the box waiting as long as the test needs, because the hook that would start it is stopped. */
  async function waiting(name: string): Promise<number> {
    const hold = { env: { BOXLITE_CRASH_AT: 'hook:begun=STOP' } };
    await home.ok(['run', '-d', '--name', name, '--restart', 'always', ...FAIL_ONCE], hold);
    return hookOf(isStopped);
  }

  it('ps and inspect say so, exec and rm refuse, and start starts it at once', async () => {
    await waiting('w1');
    expect(await home.ok(['ps', '--format', '{{.Status}} {{.State}}'])).toMatch(
      /^Restarting \(3\) .* ago restarting$/,
    );
    const exec = await home.boxlite(['exec', 'w1', 'true']);
    expect([exec.status, exec.stderr.split('\n')[0]]).toEqual([
      125,
      'boxlite: box w1 is restarting, wait until the box is running',
    ]);
    await home.ok(['start', 'w1']);
    expect([await status('w1'), await count('w1')]).toEqual(['running', '0']);
    await home.ok(['rm', '-f', 'w1']);
    expect(await home.processes()).toEqual([]);
  });

  it('stop ends that, and leaves no process', async () => {
    {
      await using events = await EventFollower.start(home, 'w2');
      await home.ok(['run', '-d', '--name', 'w2', '--restart', 'always', ...FAIL]);
      // The shim waits 0.8 s after the fourth end; stop must work whether or not it still waits.
      await events.seen('w2', 'die', 4);
    }
    await home.ok(['stop', 'w2']);
    await untilNoProcess(home);
    expect(await status('w2')).toBe('exited');
    expect((await actionsOf(home, 'w2')).at(-1)).toBe('stop');
    await home.ok(['rm', 'w2']);
  });

  it('rm refuses, rm -f removes it and leaves no process', async () => {
    await waiting('w3');
    const { status: code, stderr } = await home.boxlite(['rm', 'w3']);
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      'boxlite: cannot remove box "w3": it is restarting: stop the box before removing or force remove',
    ]);
    await home.ok(['rm', '-f', 'w3']);
    expect(await home.processes()).toEqual([]);
    expect(await readdir(join(home.path, 'boxes'))).toEqual([]);
  });

  it('kill -9 of the shim that waits is made good by the next call', async () => {
    await using events = await EventFollower.start(home, 'w4');
    const hook = await waiting('w4');
    await killAndWait(await shimOf('w4'));
    await killAndWait(hook);
    expect(await home.ok(['ps', '-a', '--format', '{{.Status}}'])).toMatch(/^Exited \(3\)/);
    await home.ok(['rm', await home.ok(['create', 'busybox', 'true'])]);
    await events.seen('w4', 'start', 2);
    await home.ok(['rm', '-f', 'w4']);
  });
});

describe('kill -9', () => {
  it('of the hook does not keep a box from being started again', async () => {
    await using events = await EventFollower.start(home, 'hooked');
    await home.ok(['run', '-d', '--name', 'hooked', '--restart', 'always', ...FAIL]);
    await events.seen('hooked', 'die');
    killProcess(await hookOf(() => Promise.resolve(true)));
    await events.seen('hooked', 'start', 2);
    await home.ok(['rm', '-f', 'hooked']);
    await untilOnlyWeAreLeft();
  });

  it('of the shim of a running box is made good by the next call', async () => {
    await using events = await EventFollower.start(home, 'shot');
    await home.ok(['run', '-d', '--name', 'shot', '--restart', 'unless-stopped', ...STAY]);
    killProcess(await shimOf('shot'));
    expect(await home.ok(['wait', 'shot'])).toBe('137');
    await home.ok(['rm', await home.ok(['create', 'busybox', 'true'])]);
    await events.seen('shot', 'start', 2);
    expect(await status('shot')).toBe('running');
    await home.ok(['rm', '-f', 'shot']);
  });

  it('of client and shim of a box that removes itself leaves it to the next call', async () => {
    const script = 'echo up; exec sleep 6000';
    const cli = home.start(['run', '--rm', '--name', 'brief', 'busybox', 'sh', '-c', script]);
    await cli.output(/up/);
    cli.child.kill('SIGKILL');
    await cli.result;
    killProcess(await shimOf('brief'));
    expect(await home.ok(['wait', 'brief'])).toBe('137');
    await home.ok(['rm', await home.ok(['create', 'busybox', 'true'])]);
    expect(await home.ok(['ps', '-aq'])).toBe('');
    expect(await readdir(join(home.path, 'boxes'))).toEqual([]);
  });
});

describe('restart', () => {
  it('stops and starts a running box, and starts a stopped one', async () => {
    await home.ok(['run', '-d', '--name', 'again', ...STAY]);
    expect(await home.ok(['restart', '-t', '0', 'again'])).toBe('again');
    expect(await status('again')).toBe('running');
    await home.ok(['stop', '-t', '0', 'again']);
    await home.ok(['restart', 'again']);
    expect(await status('again')).toBe('running');
    await home.ok(['rm', '-f', 'again']);
  });

  it('does not remove a box that removes itself', async () => {
    await home.ok(['run', '-d', '--rm', '--name', 'kept', ...STAY]);
    await home.ok(['restart', '-t', '0', 'kept']);
    expect(await status('kept')).toBe('running');
    await home.ok(['stop', '-t', '0', 'kept']);
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });
});
