import { afterAll, beforeAll, expect, test } from 'vitest';
import { idleBox, runIn } from '../helpers/library-box.js';
import { TestHome } from '../helpers/test-home.js';

const home = new TestHome();
beforeAll(() => home.create());
afterAll(() => home.remove());

test('a command is run with variables, directory, user and input, in one call', async () => {
  const box = await idleBox(home, { env: { A: 'box', B: 'box', PATH: '/bin' } });
  const script = 'echo "$A ${B-none} $(pwd) $(id -u)"; cat; echo problem >&2; exit 3';
  const result = await box.run('sh', ['-c', script], {
    env: { A: 'run', B: undefined },
    cwd: '/tmp',
    user: '1000',
    input: 'héllo\n',
  });
  expect(result).toMatchObject({
    exitCode: 3,
    signal: undefined,
    timedOut: false,
    oomKilled: false,
    stdout: 'run none /tmp 1000\nhéllo\n',
    stderr: 'problem\n',
  });
  expect(result.success()).toBe(false);
});

test('bytes come as they are when they are asked for, and stdin is empty by default', async () => {
  const box = await idleBox(home);
  const { stdout, stderr } = await box.run('sh', ['-c', 'printf "\\377\\0"; cat'], {
    encoding: 'buffer',
  });
  expect([stdout, stderr]).toEqual([Buffer.from([0xff, 0]), Buffer.alloc(0)]);
});

test('a command that writes more than maxBuffer is ended', async () => {
  const box = await idleBox(home);
  await expect(box.run('yes', [], { maxBuffer: 1_000 })).rejects.toMatchObject({
    code: 'output-limit',
    message: 'yes wrote more than 1000 bytes to stdout, and was ended',
  });
  expect(await box.run('echo', ['x'], { maxBuffer: 2 })).toMatchObject({ stdout: 'x\n' });
  await expect.poll(async () => (await runIn(box, 'pidof yes')).stdout).toBe('');
});

test('a time-out and a signal end a command', async () => {
  const box = await idleBox(home);
  expect(await box.run('sleep', ['1000'], { timeout: 100 })).toMatchObject({ timedOut: true });

  await expect(
    box.run('sleep', ['1000'], { signal: AbortSignal.abort('before') }),
  ).rejects.toMatchObject({ code: 'cancelled', cause: 'before' });
  const signal = AbortSignal.timeout(3_000);
  await expect(box.run('sleep', ['1000'], { signal })).rejects.toMatchObject({
    code: 'cancelled',
    cause: { name: 'TimeoutError' },
  });
  await expect.poll(async () => (await runIn(box, 'pidof sleep')).stdout).toBe('');
});

test('a program that is not there is an error, and no result', async () => {
  const box = await idleBox(home);
  await expect(box.run('nonesuch')).rejects.toMatchObject({ code: 'exec-not-found' });
});
