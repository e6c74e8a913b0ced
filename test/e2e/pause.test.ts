import { afterEach, describe, expect, it } from 'vitest';
import { actionsOf } from '../helpers/event-follower.js';
import { killProcess } from '../helpers/processes.js';
import { untilNoProcess } from '../helpers/soundness.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

const STAY = ['busybox', 'sh', '-c', 'echo up; while read line; do echo "got $line"; done'];

async function paused(name: string): Promise<void> {
  await home.ok(['run', '-di', '--name', name, ...STAY]);
  expect(await home.ok(['pause', name])).toBe(name);
}

async function refused(args: readonly string[]): Promise<[number | string, string | undefined]> {
  const { status, stderr } = await home.boxlite(args);
  return [status, stderr.split('\n')[0]];
}

describe('a paused box', () => {
  it('says so, refuses what needs it, and goes on where it was', async () => {
    await paused('p1');
    expect(await home.ok(['ps', '--format', '{{.Status}}|{{.State}}'])).toMatch(
      /^Up .* \(Paused\)\|paused$/,
    );
    const format = '{{.State.Status}} {{.State.Running}} {{.State.Paused}}';
    expect(await home.ok(['inspect', '--format', format, 'p1'])).toBe('paused true true');
    expect(await refused(['exec', 'p1', 'true'])).toEqual([
      125,
      'boxlite: box p1 is paused, unpause the box before exec',
    ]);
    expect(await refused(['pause', 'p1'])).toEqual([1, 'boxlite: box p1 is already paused']);
    expect(await refused(['start', 'p1'])).toEqual([
      1,
      'boxlite: cannot start the paused box p1, try unpause instead',
    ]);
    expect(await refused(['rm', 'p1'])).toEqual([
      1,
      'boxlite: cannot remove box "p1": it is paused and must be unpaused first',
    ]);
    expect(await home.ok(['unpause', 'p1'])).toBe('p1');
    expect(await refused(['unpause', 'p1'])).toEqual([1, 'boxlite: box p1 is not paused']);
    await home.ok(['exec', 'p1', 'true']);
    await home.ok(['rm', '-f', 'p1']);
    const actions = (await actionsOf(home, 'p1')).filter((action) => action.includes('pause'));
    expect(actions).toEqual(['pause', 'unpause']);
    expect(await home.processes()).toEqual([]);
  });

  it('has the right time when it goes on', async () => {
    await paused('p2');
    const before = Date.now();
    // Any command that takes a while.
    await home.ok(['run', '--rm', 'busybox', 'sleep', '3']);
    await home.ok(['unpause', 'p2']);
    const guest = Number(await home.ok(['exec', 'p2', 'date', '+%s']));
    expect(guest * 1000).toBeGreaterThan(before + 2_000);
    expect(guest * 1000).toBeLessThan(Date.now() + 1_000);
    // The watchdog is off; it could take a busy box's pause for a hung processor.
    expect(await home.ok(['exec', 'p2', 'cat', '/proc/sys/kernel/watchdog'])).toBe('0');
    await home.ok(['rm', '-f', 'p2']);
  });

  it('keeps the sessions it has', async () => {
    const cli = home.start(['run', '-i', '--name', 'p3', ...STAY]);
    await cli.output(/up/);
    await home.ok(['pause', 'p3']);
    cli.child.stdin.write('one\n');
    await home.ok(['unpause', 'p3']);
    await cli.output(/got one/);
    cli.child.stdin.end();
    expect((await cli.result).status).toBe(0);
    await home.ok(['rm', 'p3']);
  });

  it.each([
    ['stop', ['stop', '-t', '0'], 'exited'],
    ['kill', ['kill'], 'exited'],
  ])('is ended by %s', async (_what, verb, state) => {
    await paused('p4');
    await home.ok([...verb, 'p4']);
    expect(await home.ok(['wait', 'p4'])).toBe('137');
    expect(await home.ok(['inspect', '--format', '{{.State.Status}}', 'p4'])).toBe(state);
    await home.ok(['rm', 'p4']);
    expect(await home.processes()).toEqual([]);
  });

  it('is removed by force', async () => {
    await paused('p5');
    await home.ok(['rm', '-f', 'p5']);
    expect(await home.processes()).toEqual([]);
  });

  it('is restarted', async () => {
    await paused('p6');
    await home.ok(['restart', '-t', '0', 'p6']);
    expect(await home.ok(['ps', '--format', '{{.State}}'])).toBe('running');
    await home.ok(['rm', '-f', 'p6']);
  });

  it('ends with its shim', async () => {
    await paused('p7');
    killProcess(Number(await home.ok(['inspect', '--format', '{{.Boxlite.ShimPid}}', 'p7'])));
    expect(await home.ok(['wait', 'p7'])).toBe('137');
    await home.ok(['rm', 'p7']);
    // The kernel takes a while to end the VMM.
    await untilNoProcess(home);
  });
});

it('a box that does not run can not be paused', async () => {
  await home.ok(['create', '--name', 'never', 'busybox', 'true']);
  for (const verb of ['pause', 'unpause'])
    expect(await refused([verb, 'never'])).toEqual([1, 'boxlite: box never is not running']);
  await home.ok(['rm', 'never']);
});

it('of pause and stop at once, stop has the last word', async () => {
  await home.ok(['run', '-di', '--name', 'both', ...STAY]);
  const [, stop] = await Promise.all([
    home.boxlite(['pause', 'both']),
    home.boxlite(['stop', '-t', '1', 'both']),
  ]);
  expect(stop.status).toBe(0);
  expect(await home.ok(['inspect', '--format', '{{.State.Status}}', 'both'])).toBe('exited');
  await home.ok(['rm', 'both']);
  expect(await home.processes()).toEqual([]);
});
