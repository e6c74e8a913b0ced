import { afterEach, expect, it } from 'vitest';
import { idleBox } from '../helpers/library-box.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

/** The ids, rights and limits of a process, from its own /proc. */
const describeProcess = (pid: string): string =>
  `grep -E '^(Uid|Gid|Groups|Cap...|Seccomp|NoNewPrivs):' /proc/${pid}/status; cat /proc/${pid}/limits`;

/** The same for the box's first process and for a command beside it, and the first process' open files. */
async function look(box: string): Promise<{ first: string; command: string; open: string }> {
  const [first, command] = await Promise.all(
    ['1', 'self'].map((pid) => home.ok(['exec', box, 'sh', '-c', describeProcess(pid)])),
  );
  const open = await home.ok(['exec', '--privileged', '-u', '0', box, 'ls', '/proc/1/fd']);
  return { first: first ?? '', command: command ?? '', open };
}

it.each([
  ['an init', ['--init'], 'a80425fb', '0'],
  ['an init without capabilities', ['--init', '--cap-drop', 'ALL'], '00000000', '0'],
  ['an init of another user', ['--init', '-u', '1000:50'], '00000000', '1000'],
  ['an init of limited means', ['--init', '--ulimit', 'nofile=77:88'], 'a80425fb', '0'],
  ['a command', ['--ulimit', 'core=0'], 'a80425fb', '0'],
])('%s holds what its box may, and no more', async (_what, flags, effective, uid) => {
  const name = 'box';
  await home.ok(['run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '6000']);
  const { first, command, open } = await look(name);
  expect(first).toBe(command);
  expect(first).toContain(`Uid:\t${uid}\t`);
  expect(first).toContain(`CapEff:\t00000000${effective}\n`);
  expect(first).toMatch(/CapInh:\t0+\n(.|\n)*CapAmb:\t0+\n/);
  expect(open).toBe(flags.includes('--init') ? '' : '0\n1\n2');
  await home.ok(['rm', '-f', name]);
});

it('the first process of an idle box does, too', async () => {
  const box = await idleBox(home, { user: '1000', capDrop: ['ALL'], capAdd: ['CHOWN'] });
  await box.start();
  const { first, command, open } = await look(box.id);
  expect(first).toBe(command);
  expect(first).toContain('CapBnd:\t0000000000000001\n');
  expect(open).toBe('');
});
