import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

beforeAll(async () => {
  await home.ok(['run', '-d', '--name', 'web', 'busybox', 'sleep', '600']);
  await home.ok(['create', '--name', 'never', 'busybox', 'true']);
});
afterAll(async () => {
  await home.ok(['rm', '-f', 'web', 'never']);
});

const words = (line: string | undefined): string[] => (line ?? '').trim().split(/ +/);

describe('top', () => {
  it('needs no ps in the image, and shows exec sessions too', async () => {
    const session = home.start(['exec', 'web', 'sh', '-c', 'echo up; sleep 555']);
    await session.output(/up/);
    // The shell has printed, but may not have forked yet.
    const [header, ...rows] = await lookUntil(
      async () => (await home.ok(['top', 'web'])).split('\n'),
      (lines) => lines.some((line) => line.endsWith(' sleep 555')),
    );
    expect(header?.split(/ +/)).toEqual('UID PID PPID C STIME TTY TIME CMD'.split(' '));
    expect(rows[0]).toMatch(/^root +1 +0 +\d+ +\S+ +\? +00:00:\d\d +sleep 600$/);
    session.child.kill('SIGKILL');
    await session.result;
  });

  it('is refused for a box that does not run', async () => {
    const { status, stderr } = await home.boxlite(['top', 'never']);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/never|not running/)]);
  });

  it.each([[['aux']], [['ax']], [['-ef']], [['-eF']], [['-e']], [['-eo', 'pid,stime,cmd=WHAT']]])(
    '%j has the columns that ps writes',
    async (options) => {
      const { stdout } = await promisify(execFile)('ps', options, { maxBuffer: 1 << 24 });
      const [header] = (await home.ok(['top', 'web', ...options])).split('\n');
      expect(words(header)).toEqual(words(stdout.split('\n')[0]));
    },
  );

  it('tells of a process what the kernel in the box does', async () => {
    const columns = 'pid,ppid,pgid,sid,stat,ni,nlwp,vsz,rss,uid,egid,comm,args';
    const [, shown] = (await home.ok(['top', 'web', '-o', columns])).split('\n');
    const stat = (await home.ok(['exec', 'web', 'cat', '/proc/1/stat'])).split(' ');
    const field = (number: number): number => Number(stat[number - 1]);
    const [parent, group, session, nice, threads] = [4, 5, 6, 19, 20].map(field);
    expect(words(shown)).toEqual([
      ...['1', parent, group, session, 'Ss', nice, threads].map(String),
      ...[field(23) / 1024, field(24) * 4, 0, 0].map(String),
      ...['sleep', 'sleep', '600'],
    ]);
  });

  it('tells whose a process is', async () => {
    await home.ok(['exec', '-d', '-u', '33:34', 'web', 'sleep', '556']);
    const text = await home.ok(['top', 'web', '-eo', 'pid,user,group,args', '--sort=-pid']);
    expect(words(text.split('\n')[1]).slice(1)).toEqual(['33', '34', 'sleep', '556']);
  });

  it('refuses by name what it does not know', async () => {
    const { status, stdout, stderr } = await home.boxlite(['top', 'web', '-eT']);
    expect([status, stdout.toString()]).toEqual([1, '']);
    expect(stderr).toMatch(/^boxlite: ps option -T is not supported\ntop knows aux, /);
  });
});
