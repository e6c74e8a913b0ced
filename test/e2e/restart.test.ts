import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { actionsOf, EventFollower } from '../helpers/event-follower.js';
import { killProcess, programOf } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

const FAIL = ['busybox', 'sh', '-c', 'exit 3'];
const STAY = ['busybox', 'sh', '-c', 'echo up; exec sleep 6000'];

/** A process that is no child of ours can only be looked for. */
async function pidOf(what: RegExp): Promise<number> {
  for (;;) {
    const found = (await home.processes()).find(
      (each) => what.test(each.command) || what.test(programOf(each)),
    );
    if (found !== undefined) return found.pid;
    await turn();
  }
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
    expect((await home.processes()).filter((each) => programOf(each) !== 'node')).toEqual([]);
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
    expect((await home.processes()).filter((each) => programOf(each) !== 'node')).toEqual([]);
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
    // It may be killed together with what it ends: then its status is 137.
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
    // Its trap is set when the command has spoken.
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
  /** After the fifth end the shim waits for 1.6 s. */
  async function waiting(name: string): Promise<void> {
    await using events = await EventFollower.start(home, name);
    await home.ok(['run', '-d', '--name', name, '--restart', 'always', ...FAIL]);
    await events.seen(name, 'die', 5);
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
    expect(await count('w1')).toBe('0');
    await home.ok(['rm', '-f', 'w1']);
    expect(await home.processes()).toEqual([]);
  });

  it('stop ends that, and leaves no process', async () => {
    await waiting('w2');
    await home.ok(['stop', 'w2']);
    expect(await home.processes()).toEqual([]);
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
    await home.ok(['run', '-d', '--name', 'w4', '--restart', 'always', ...FAIL]);
    await events.seen('w4', 'die', 5);
    killProcess(await pidOf(/boxlite-shim/));
    expect(await home.ok(['ps', '-a', '--format', '{{.Status}}'])).toMatch(/^Exited \(3\)/);
    await home.ok(['rm', await home.ok(['create', 'busybox', 'true'])]);
    await events.seen('w4', 'start', 6);
    await home.ok(['rm', '-f', 'w4']);
  });
});

describe('kill -9', () => {
  it('of the hook does not keep a box from being started again', async () => {
    await using events = await EventFollower.start(home, 'hooked');
    await home.ok(['run', '-d', '--name', 'hooked', '--restart', 'always', ...FAIL]);
    await events.seen('hooked', 'die');
    killProcess(await pidOf(/__on-exit/));
    await events.seen('hooked', 'start', 2);
    await home.ok(['rm', '-f', 'hooked']);
    expect((await home.processes()).filter((each) => programOf(each) !== 'node')).toEqual([]);
  });

  it('of the shim of a running box is made good by the next call', async () => {
    await using events = await EventFollower.start(home, 'shot');
    await home.ok(['run', '-d', '--name', 'shot', '--restart', 'unless-stopped', ...STAY]);
    killProcess(await pidOf(/boxlite-shim/));
    expect(await home.ok(['wait', 'shot'])).toBe('137');
    await home.ok(['rm', await home.ok(['create', 'busybox', 'true'])]);
    await events.seen('shot', 'start', 2);
    expect(await status('shot')).toBe('running');
    await home.ok(['rm', '-f', 'shot']);
  });

  it('of the hook of a box that removes itself leaves it to the next call', async () => {
    const cli = home.start(
      ['run', '--rm', '--name', 'brief', 'busybox', 'sh', '-c', 'echo up; cat'],
      {},
    );
    await cli.output(/up/);
    cli.child.kill('SIGKILL');
    await cli.result;
    killProcess(await pidOf(/boxlite-shim/));
    await home.ok(['wait', 'brief']);
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
