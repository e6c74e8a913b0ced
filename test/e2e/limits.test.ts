import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);
const MIB = 2 ** 20;
const TICKS_A_SECOND = 100;

const inspect = (box: string, template: string): Promise<string> =>
  home.ok(['inspect', '-f', template, box]);

describe('--cpus', () => {
  it(
    'gives so many processors, each of which takes time of the host',
    { timeout: 180_000 },
    async () => {
      const busy = 'nproc; while :; do :; done & while :; do :; done';
      const run = ['run', '-d', '--name', 'two', '--cpus', '2', 'busybox', 'sh', '-c', busy];
      // stderr reports that its template is created first.
      expect((await home.boxlite(run, { timeoutMs: 150_000 })).status).toBe(0);
      const logs = home.start(['logs', '-f', 'two']);
      await logs.output(/^2$/m);
      logs.child.kill();
      await logs.result;
      const vmm = Number(await inspect('two', '{{.State.Pid}}'));
      const threads = await lookUntil(
        () => threadTicks(vmm),
        (ticks) => ticks.filter((each) => each > TICKS_A_SECOND / 2).length >= 2,
      );
      expect(threads.length).toBeGreaterThan(2);
      await home.ok(['rm', '-f', 'two']);
    },
  );

  it('gives a fraction as time of so many', async () => {
    const script = 'nproc; cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpuset.cpus.effective';
    const flags = ['--cpus', '1.5', '--cpuset-cpus', '1', 'busybox', 'sh', '-c', script];
    expect(await home.ok(['run', '--rm', ...flags])).toBe('1\n150000 100000\n1');
  });
});

describe('memory', () => {
  const small = ['-m', '128m', '--name'];

  it('that main takes too much of ends it with 137, told apart', { timeout: 240_000 }, async () => {
    const run = ['run', ...small, 'greedy', 'busybox', 'tail', '/dev/zero'];
    expect((await home.boxlite(run, { timeoutMs: 180_000 })).status).toBe(137);
    expect(await inspect('greedy', '{{.State.ExitCode}} {{.State.OOMKilled}}')).toBe('137 true');
    expect((await home.boxlite(['logs', '--console', 'greedy'])).stdout.toString()).not.toMatch(
      /panic/i,
    );
    await home.ok(['rm', 'greedy']);
  });

  it('that a child takes too much of ends the child alone', { timeout: 240_000 }, async () => {
    const script = 'tail /dev/zero; echo "child $?"; sleep 600';
    await home.ok(['run', '-d', ...small, 'parent', 'busybox', 'sh', '-c', script]);
    const logs = home.start(['logs', '-f', 'parent'], { timeoutMs: 180_000 });
    await logs.output(/child 137/);
    expect(await home.ok(['exec', 'parent', 'echo', 'alive'])).toBe('alive');
    await home.ok(['kill', 'parent']);
    expect(await home.ok(['wait', 'parent'])).toBe('137');
    await logs.result;
    // We killed it: its child's lack of memory was not the reason.
    expect(await inspect('parent', '{{.State.OOMKilled}}')).toBe('false');
    await home.ok(['rm', 'parent']);
  });
});

describe('--pids-limit', () => {
  it('contains a fork bomb, into which exec still leads', async () => {
    // Fills the limit with processes, since a bomb whose forks fail may burn out below the limit.
    const fill = 'i=0; while [ $i -lt 19 ]; do sleep 600 & i=$((i+1)); done; wait';
    const limit = ['--pids-limit', '20'];
    await home.ok(['run', '-d', '--name', 'bomb', ...limit, 'busybox', 'sh', '-c', fill]);
    const pids = async (): Promise<number> =>
      Number(await home.ok(['stats', '--no-stream', '--format', '{{.PIDs}}', 'bomb']));
    await lookUntil(pids, (count) => count === 20);
    await home.ok(['exec', '-d', 'bomb', 'sh', '-c', 'f() { f | f & }; f']);
    const refused = async (): Promise<number> =>
      Number((await home.ok(['exec', 'bomb', 'cat', '/sys/fs/cgroup/pids.events'])).split(' ')[1]);
    await lookUntil(refused, (count) => count > 0);
    expect(await home.ok(['exec', 'bomb', 'cat', '/sys/fs/cgroup/pids.max'])).toBe('20');
    expect(await pids()).toBeLessThanOrEqual(21);
    expect((await home.ok(['top', 'bomb'])).split('\n').length).toBeGreaterThanOrEqual(20);
    expect(await inspect('bomb', '{{.HostConfig.PidsLimit}}')).toBe('20');
    await home.ok(['rm', '-f', 'bomb']);
  });

  it('changes by update from the next start on', async () => {
    const show = ['busybox', 'cat', '/sys/fs/cgroup/pids.max'];
    await home.ok(['create', '--name', 'later', '--pids-limit', '20', ...show]);
    expect(await home.ok(['start', '-a', 'later'])).toBe('20');
    await home.ok(['update', '--pids-limit', '30', 'later']);
    expect(await home.ok(['start', '-a', 'later'])).toBe('30');
    await home.ok(['update', '--pids-limit', '-1', 'later']);
    expect(Number(await home.ok(['start', '-a', 'later']))).toBeGreaterThan(1000);
    await home.ok(['rm', 'later']);
  });

  it('without one leaves the machine some for the agent', async () => {
    const [max, machine] = (
      await home.ok([
        ...['run', '--rm', 'busybox', 'cat'],
        ...['/sys/fs/cgroup/pids.max', '/proc/sys/kernel/threads-max'],
      ])
    )
      .split('\n')
      .map(Number);
    expect(max).toBeLessThan(machine ?? 0);
    expect(max).toBeGreaterThan(1000);
  });
});

describe('--disk-size', () => {
  it('ends in ENOSPC inside, bounds the file on the host, and what is deleted comes back', async () => {
    const id = await startSmall('disk');
    const disk = join(home.path, 'boxes', id, 'disk.ext4');
    const onHost = async (): Promise<number> => (await stat(disk)).blocks * 512;
    const before = await onHost();
    const fill = 'dd if=/dev/urandom of=/big bs=1M 2>&1; sync; echo still here';
    expect(await home.ok(['exec', 'disk', 'sh', '-c', fill])).toMatch(
      /No space left on device[^]*still here$/,
    );
    const full = await onHost();
    expect(full).toBeGreaterThan(40 * MIB);
    expect(full).toBeLessThanOrEqual(64 * MIB);
    await home.ok(['exec', 'disk', 'sh', '-c', 'rm /big; sync']);
    await lookUntil(onHost, (bytes) => bytes < before + 4 * MIB);
    await home.ok(['rm', '-f', 'disk']);
  });

  it('holds against a box that writes to the device behind its file system', async () => {
    // An unprivileged box can't open a device at all.
    const id = await startSmall('behind', '--privileged');
    const disk = join(home.path, 'boxes', id, 'disk.ext4');
    const write =
      'mknod /dev/behind b $(tr : " " < /sys/block/vdb/dev) && ' +
      'dd if=/dev/urandom of=/dev/behind bs=1M seek=1000 count=70 conv=fsync 2>&1';
    const { status, stdout } = await home.boxlite(['exec', 'behind', 'sh', '-c', write]);
    expect([status, stdout.toString()]).toEqual([1, expect.stringMatching(/error/)]);
    expect((await stat(disk)).blocks * 512).toBeLessThan(8 * MIB);
    expect(await home.ok(['exec', 'behind', 'sh', '-c', 'echo fine > /x; sync; cat /x'])).toBe(
      'fine',
    );
    await home.ok(['rm', '-f', 'behind']);
  });

  const startSmall = (name: string, ...flags: string[]): Promise<string> =>
    home.ok([
      ...['run', '-d', '--name', name, '--disk-size', '64m', ...flags],
      ...['busybox', 'sleep', '600'],
    ]);
});

describe('--shm-size', () => {
  it('is what /dev/shm holds', async () => {
    const script = 'dd if=/dev/zero of=/dev/shm/x bs=1M 2>&1; stat -c %s /dev/shm/x';
    const run = ['run', '--rm', '--shm-size', '8m', 'busybox', 'sh', '-c', script];
    expect(await home.ok(run)).toMatch(/No space left[^]*\n8388608$/);
  });
});

/** User and system time of each thread of a process. */
async function threadTicks(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  return Promise.all(
    threads.map(async (thread) => {
      // A thread that has ended counts as unused.
      const text = await readFile(`/proc/${pid}/task/${thread}/stat`, 'latin1').catch(() => '');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    }),
  );
}
