import { afterEach, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

it('a command whose time is up is ended, and the box says why', async () => {
  const { status } = await home.boxlite([
    ...['run', '--name', 'late', '--timeout', '1', 'busybox', 'sleep', '600'],
  ]);
  // The first process of its box ignores TERM unless it handles it.
  expect(status).toBe(137);
  const error = '{{.State.Error}}';
  expect(await home.ok(['inspect', '--format', error, 'late'])).toBe('its time limit ended it');
  await home.ok(['rm', 'late']);
});

it('TERM comes first', async () => {
  // The time limit already runs while the shell sets its trap, which takes long on a busy host.
  const script = 'trap "echo bye; exit 7" TERM; while :; do sleep 0.1; done';
  const { status, stdout } = await home.boxlite([
    ...['run', '--rm', '--timeout', '5', 'busybox', 'sh', '-c', script],
  ]);
  expect([status, stdout.toString()]).toEqual([7, 'bye\n']);
});

it('a command that is done in time is left alone', async () => {
  await home.ok(['run', '--name', 'quick', '--timeout', '600', 'busybox', 'true']);
  expect(await home.ok(['inspect', '--format', '{{.State.Error}}', 'quick'])).toBe('');
  await home.ok(['rm', 'quick']);
});

it('a command of exec is ended when its time is up, and the box goes on', async () => {
  await home.ok(['run', '-d', '--name', 'host', 'busybox', 'sleep', '600']);
  const { status, stderr } = await home.boxlite([
    ...['exec', '--timeout', '1', 'host', 'sleep', '600'],
  ]);
  expect([status, stderr]).toEqual([143, '']);
  expect(await home.ok(['exec', '--timeout', '600', 'host', 'echo', 'on'])).toBe('on');
  await home.ok(['rm', '-f', 'host']);
});
