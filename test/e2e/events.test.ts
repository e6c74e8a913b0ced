import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { actionsOf, EventFollower } from '../helpers/event-follower.js';
import { killProcess, programOf } from '../helpers/processes.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

it('a box’s life is told once, in order, by whoever looks', async () => {
  await using _one = await EventFollower.start(home, 'life');
  await using two = await EventFollower.start(home, 'life');
  await home.ok(['run', '-d', '--name', 'life', 'busybox', 'sh', '-c', 'sleep 2; exit 4']);
  // Only the followers are present when it ends.
  expect(await two.seen('life', 'die')).toContain('"exitCode":"4"');
  expect(await actionsOf(home, 'life')).toEqual(['create', 'start', 'die']);
  await home.ok(['rm', 'life']);
  expect((await actionsOf(home, 'life')).at(-1)).toBe('destroy');
});

it('a box whose shim was killed is told of, too', async () => {
  await using events = await EventFollower.start(home, 'shot');
  await home.ok(['run', '-d', '--name', 'shot', 'busybox', 'sleep', '600']);
  const shim = (await home.processes()).find((each) => programOf(each) === 'boxlite-shim');
  killProcess(shim?.pid ?? 0);
  expect(await events.seen('shot', 'die')).toContain('"exitCode":"137"');
  await home.ok(['rm', 'shot']);
});

it('an end that nobody saw is found by the next one who asks, with its time', async () => {
  const before = Date.now();
  await home.ok(['run', '-d', '--name', 'alone', 'busybox', 'true']);
  await home.ok(['wait', 'alone']);
  const ended = Date.now();
  const format = '{{.Action}} {{.TimeNano}}';
  const args = ['events', '--since', '1m', '--until', '0s', '--filter', 'container=alone'];
  const [, , die] = (await home.ok([...args, '--format', format])).split('\n');
  const timeMs = Number(die?.split(' ')[1]) / 1e6;
  expect(die).toMatch(/^die /);
  expect(timeMs).toBeGreaterThan(before);
  expect(timeMs).toBeLessThanOrEqual(ended);
  await home.ok(['rm', 'alone']);
});

it('stop, exec and images have their events', async () => {
  await home.ok(['run', '-d', '--name', 'web', 'busybox', 'sleep', '600']);
  await home.ok(['exec', 'web', 'true']);
  await home.ok(['stop', '-t', '0', 'web']);
  await home.ok(['tag', 'busybox', 'other:1']);
  await home.ok(['rmi', 'other:1']);
  expect(await actionsOf(home, 'web')).toEqual([
    ...['create', 'start', 'exec_create', 'exec_start', 'exec_die'],
    ...['kill', 'kill', 'die', 'stop'],
  ]);
  const args = ['events', '--since', '1m', '--until', '0s', '--filter', 'type=image'];
  const told = await home.ok([...args, '--format', '{{.Action}} {{.Actor.Attributes.name}}']);
  // The image itself may have been imported less than a minute ago.
  expect(told.split('\n').filter((line) => line.endsWith('other:1'))).toEqual([
    'tag localhost/other:1',
    'untag localhost/other:1',
  ]);
  await home.ok(['rm', 'web']);
});

it('wait --condition removed ends when the box is gone, next-exit with its next end', async () => {
  await home.ok(['create', '--name', 'w', 'busybox', 'sh', '-c', 'exit 6']);
  const gone = home.start(['wait', '--condition', 'removed', 'w']);
  const next = home.start(['wait', '--condition', 'next-exit', 'w']);
  expect(await home.ok(['wait', 'w'])).toBe('0');
  // It is not visible when they begin to wait, so any exit may be their next one.
  const isTold = (): Promise<boolean> =>
    Promise.race([next.result.then(() => true), setImmediate(false)]);
  while (!(await isTold()))
    expect(await home.boxlite(['start', '-a', 'w'])).toMatchObject({ status: 6 });
  expect((await next.result).stdout.toString()).toBe('6\n');
  await home.ok(['rm', 'w']);
  expect((await gone.result).stdout.toString()).toBe('6\n');
});
