import { afterAll, beforeAll, expect, test } from 'vitest';
import { SecurityOptions } from '../../src/index.js';
import { idleBox, runIn } from '../helpers/library-box.js';
import { TestHome } from '../helpers/test-home.js';

const home = new TestHome();
beforeAll(() => home.create());
afterAll(() => home.remove());

const isRoot = process.getuid?.() === 0;
const EVERY_USER = {
  ...SecurityOptions.maximum(),
  vmmUser: 'try',
  vmmNamespaces: 'try',
} as const;

/** Of the idle process in the box, and of a command beside it. */
const CONFINED = 'grep -hE "^(NoNewPrivs|Seccomp):" /proc/1/status /proc/self/status';
const confined = (privileges: number, filter: number): string =>
  `NoNewPrivs:\t${privileges}\nSeccomp:\t${filter}\n`.repeat(2);

test('the isolation of a running box is shown as it is', async () => {
  const [standard, development] = [
    await idleBox(home),
    await idleBox(home, { security: 'development' }),
  ];
  expect((await standard.inspect()).Boxlite.Isolation).toBeNull();
  await Promise.all([standard.start(), development.start()]);
  expect((await standard.inspect()).Boxlite.Isolation).toMatchObject({
    user: isRoot ? (expect.any(Number) as number) : undefined,
    seccomp: true,
    noNewPrivileges: true,
  });
  expect((await development.inspect()).Boxlite.Isolation).toMatchObject({
    user: undefined,
    seccomp: true,
    noNewPrivileges: true,
  });
  expect((await runIn(standard, CONFINED)).stdout).toBe(confined(0, 2));
});

test('maximum leaves no network and fewer capabilities, unless the caller says otherwise', async () => {
  const box = await idleBox(home, { security: EVERY_USER });
  expect(await runIn(box, 'ls /sys/class/net')).toMatchObject({ stdout: 'lo\n' });
  expect(await runIn(box, 'mknod /tmp/null c 1 3')).toMatchObject({ exitCode: 1 });
  expect(await runIn(box, 'chown 1:1 /tmp')).toMatchObject({ exitCode: 0 });
  expect((await runIn(box, CONFINED)).stdout).toBe(confined(1, 2));
  const other = await idleBox(home, { security: EVERY_USER, capAdd: ['MKNOD'] });
  expect(await runIn(other, 'mknod /tmp/null c 1 3')).toMatchObject({ exitCode: 0 });
});
