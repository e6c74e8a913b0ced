import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);
const run = (flags: string[], script: string): Promise<string> =>
  home.ok(['run', '--rm', ...flags, 'busybox', 'sh', '-c', script]);

const EFFECTIVE = "sed -n 's/^CapEff:.//p' /proc/self/status";

it.each([
  [[], '00000000a80425fb'],
  [['--cap-drop', 'ALL'], '0000000000000000'],
  [['--cap-drop', 'ALL', '--cap-add', 'net_admin'], '0000000000001000'],
  [['--cap-add', 'CAP_SYS_TIME'], '00000000aa0425fb'],
  [['--cap-add=ALL', '--cap-drop=SYS_ADMIN'], '000001ffffdfffff'],
  [['--privileged'], '000001ffffffffff'],
])('%j gives root these capabilities: %s', async (flags, expected) => {
  expect(await run(flags, EFFECTIVE)).toBe(expected);
});

it('a privileged box may write where the kernel listens, another may not', async () => {
  const script = 'echo 1 > /proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward';
  expect(await run(['--privileged'], script)).toBe('1');
  const { status } = await home.boxlite(['run', '--rm', 'busybox', 'sh', '-c', script]);
  expect(status).not.toBe(0);
});

it('exec has what its box has, and everything with --privileged', async () => {
  await home.ok([
    ...['run', '-d', '--name', 'host', '--cap-drop', 'ALL', '--ulimit', 'nofile=77:88'],
    ...['busybox', 'sleep', '6000'],
  ]);
  const exec = (...flags: string[]): Promise<string> =>
    home.ok(['exec', ...flags, 'host', 'sh', '-c', `${EFFECTIVE}; ulimit -Sn; ulimit -Hn`]);
  expect(await exec()).toBe('0000000000000000\n77\n88');
  expect(await exec('--privileged')).toBe('000001ffffffffff\n77\n88');
  const inspected = '{{.HostConfig.CapDrop}} {{json .HostConfig.Ulimits}}';
  expect(await home.ok(['inspect', '-f', inspected, 'host'])).toBe(
    '[ALL] [{"Name":"nofile","Hard":88,"Soft":77}]',
  );
  await home.ok(['rm', '-f', 'host']);
});

it('exec goes where the first process is once a box has divided its cgroup, full or not', async () => {
  const divide = `cd /sys/fs/cgroup; mkdir leaf; echo 1 > leaf/cgroup.procs
    echo +memory +pids +cpu +cpuset > cgroup.subtree_control && echo divided; exec sleep 6000`;
  await home.ok(['run', '-d', '--name', 'divided', '--privileged', 'busybox', 'sh', '-c', divide]);
  await expect.poll(() => home.ok(['logs', 'divided'])).toBe('divided');
  const exec = (script: string): Promise<string> =>
    home.ok(['exec', 'divided', 'sh', '-c', script]);
  const look = 'read group < /proc/self/cgroup; echo $group';
  expect(await exec(`${look}; cd /sys/fs/cgroup/leaf; ls | grep -c ^cpuset.cpus$`)).toBe(
    '0::/leaf\n1',
  );
  await exec('echo 1 > /sys/fs/cgroup/leaf/pids.max');
  expect(await exec(look)).toBe('0::/leaf');
  await home.ok(['rm', '-f', 'divided']);
});

it('limits hold, and -1 is none', async () => {
  const flags = ['--ulimit', 'nofile=100:200', '--ulimit', 'core=-1', '--ulimit', 'nproc=50'];
  expect(await run(flags, 'ulimit -Sn; ulimit -Hn; ulimit -c; ulimit -u')).toBe(
    '100\n200\nunlimited\n50',
  );
});

it('a limit that the kernel refuses is told in the words of its option', async () => {
  const flags = ['--rm', '--ulimit', 'nofile=1048577'];
  const { status, stderr } = await home.boxlite(['run', ...flags, 'busybox', 'true']);
  expect([status, stderr]).toEqual([
    125,
    expect.stringMatching(/--ulimit nofile=1048577:1048577: the kernel of the box refuses it/),
  ]);
});

it('names are given to the box', async () => {
  const flags = ['--add-host', 'db:10.9.8.7', '--add-host', 'me=host-gateway', '--dns', '9.9.9.9'];
  expect(await run(flags, 'grep -E "db|me" /etc/hosts; grep name /etc/resolv.conf')).toBe(
    '10.9.8.7\tdb\n10.0.2.2\tme\nnameserver 9.9.9.9',
  );
});

it('what is exposed and noted is kept with the box', async () => {
  await home.ok([
    ...['create', '--name', 'noted', '--expose', '80', '--expose', '53-54/udp'],
    ...['--annotation', 'a=b', 'busybox', 'true'],
  ]);
  const fields = '{{json .Config.ExposedPorts}} {{json .HostConfig.Annotations}}';
  expect(await home.ok(['inspect', '-f', fields, 'noted'])).toBe(
    '{"53/udp":{},"54/udp":{},"80/tcp":{}} {"a":"b"}',
  );
  await home.ok(['rename', 'noted', 'renamed']);
  expect(await home.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('renamed');
  const taken = await home.boxlite(['create', '--name', 'renamed', 'busybox', 'true']);
  expect([taken.status, taken.stderr]).toEqual([125, expect.stringContaining('already in use')]);
  expect(await home.ok(['container', 'prune', '-f'])).toMatch(
    /^Deleted Containers:\n[0-9a-z]{26}\n\nTotal reclaimed space: /,
  );
  expect(await home.ok(['ps', '-aq'])).toBe('');
});

it('-a shows only what is asked for', async () => {
  const script = 'echo out; echo err >&2; cat';
  const args = ['-i', 'busybox', 'sh', '-c', script];
  const shown = async (...flags: string[]): Promise<[string, string]> => {
    const { stdout, stderr } = await home.boxlite(['run', '--rm', ...flags, ...args], {
      input: 'in',
    });
    return [stdout.toString(), stderr];
  };
  expect(await shown('-a', 'stdin', '-a', 'stderr')).toEqual(['', 'err\n']);
  expect(await shown('-a', 'stdin', '-a', 'STDOUT')).toEqual(['out\nin', '']);
});

describe('modules of the kernel', () => {
  const ask = 'ip link add b0 type bridge 2>&1; grep -o "^bridge" /proc/modules';

  it.each([
    ['is privileged', ['--privileged']],
    ['may load modules', ['--cap-add', 'SYS_MODULE', '--cap-add', 'NET_ADMIN']],
  ])('are loaded in a box that %s, whether it or the kernel asks', async (_what, flags) => {
    const script = `${ask}; modprobe dummy && grep -o ^dummy /proc/modules
      cd /lib/modules && touch x && touch $(uname -r)/x`;
    expect(await home.boxlite(['run', '--rm', ...flags, 'busybox', 'sh', '-c', script])).toEqual(
      expect.objectContaining({
        stdout: Buffer.from('bridge\ndummy\n'),
        stderr: expect.stringMatching(/^touch: [\w.-]+\/x: Read-only file system\n$/) as string,
      }),
    );
  });

  it('come with what they need when a file system is mounted', async () => {
    const script = `mkdir /m; mount -t nfs 127.0.0.1:/none /m -o nolock 2> /dev/null
      mount -t xfs /dev/vdb /m 2> /dev/null; grep -oE "xfs|nfs$" /proc/filesystems
      grep -oE "^(sunrpc|lockd)" /proc/modules`;
    expect(await run(['--privileged'], script)).toBe('nfs\nxfs\nlockd\nsunrpc');
  });

  it('are loaded by the kernel also where the box has mounted others', async () => {
    const flags = ['--privileged', '--tmpfs', '/lib/modules'];
    expect(await run(flags, `ls /lib/modules; ${ask}`)).toBe('bridge');
  });

  it('are not for another box', async () => {
    const script = `${ask}; ls /lib/modules 2>&1; echo "[$(cat /proc/sys/kernel/modprobe)]"`;
    expect(await run(['--cap-add', 'NET_ADMIN'], script)).toBe(
      'ip: RTNETLINK answers: Operation not supported\nls: /lib/modules: No such file or directory\n[]',
    );
  });
});

describe('devices', () => {
  /** The machine's disk, its memory, its kernel's log, and the port through which the agent is reached. */
  const OTHERS = [
    'b 254 0',
    'c 1 1',
    'c 1 11',
    'c $(tr : " " < $(ls -d /sys/class/virtio-ports/*)/dev)',
  ];
  const script = (node: string): string =>
    `mknod /tmp/it ${node} && dd if=/tmp/it of=/dev/null bs=1 count=1 2>&1 | head -n 1`;

  it.each(OTHERS)('may be made and not be opened: %s', async (node) => {
    const refused = "dd: can't open '/tmp/it': Operation not permitted";
    expect(await run([], script(node))).toBe(refused);
    expect(await run(['--cap-add', 'ALL'], script(node))).toBe(refused);
  });

  it('all work in a privileged box', async () => {
    expect(await run(['--privileged'], script('b 254 0'))).toBe('1+0 records in');
    expect(await run(['--privileged'], script('c 1 1'))).toBe('1+0 records in');
  });

  it('that a box has work, and so do its own nodes for them', async () => {
    const each = 'null zero full random urandom';
    const look = `for d in ${each}; do head -c 1 /dev/$d | wc -c; echo > /dev/$d; done 2>&1`;
    expect((await run([], look)).split('\n')).toEqual([
      ...['0', '1', '1', 'sh: write error: No space left on device', '1', '1'],
    ]);
    expect(await run([], script('c 1 5'))).toBe('1+0 records in');
  });

  let files = '';
  let program = '';
  beforeAll(async () => {
    files = await mkdtemp(join(tmpdir(), 'boxlite-privileges-'));
    program = await buildGuestProgram(files, 'detach-devices');
  });
  afterAll(() => rm(files, { recursive: true }));

  it.each([
    ['any user', ['--user', '1000', '--cap-drop', 'ALL'], '/sys/fs/cgroup'],
    ['root', [], '/sys/fs/cgroup'],
    ['root that mounts the groups anew', ['--cap-add', 'ALL'], '/groups'],
  ])('are out of reach of %s', async (_who, flags, group) => {
    // The filter would refuse the call that this tests.
    const open = ['--security-opt', 'seccomp=unconfined', ...flags];
    await home.ok(['create', '--name', 'hostile', ...open, 'busybox', 'sh', '-c', 'sleep 6000']);
    await home.ok(['cp', program, 'hostile:/detach-devices']);
    await home.ok(['start', 'hostile']);
    const exec = (text: string): Promise<string> =>
      home.ok(['exec', '--user', '0', '--privileged', 'hostile', 'sh', '-c', text]);
    await exec('mkdir /groups && mount -t cgroup2 none /groups');
    // The policy is on a parent group, which is invisible from the box's groups.
    expect(await home.ok(['exec', 'hostile', '/detach-devices', group])).toBe('ENOENT');
    expect(await exec(`echo $$ > /groups/cgroup.procs; ${script('b 254 0')}`)).toBe(
      "dd: can't open '/tmp/it': Operation not permitted",
    );
    await home.ok(['rm', '-f', 'hostile']);
  });

  it('are those of the box for exec, and for what it makes a cgroup for itself', async () => {
    await home.ok([
      'run',
      '-d',
      '--name',
      'devices',
      '--cap-add',
      'ALL',
      'busybox',
      'sleep',
      '6000',
    ]);
    const exec = (flags: string[], text: string): Promise<string> =>
      home.ok(['exec', ...flags, 'devices', 'sh', '-c', text]);
    const refused = "dd: can't open '/tmp/it': Operation not permitted";
    expect(await exec(['--privileged'], script('b 254 0'))).toBe(refused);
    const deeper =
      'mkdir /tmp/cg && mount -t cgroup2 cgroup2 /tmp/cg && mkdir /tmp/cg/own && ' +
      'echo $$ > /tmp/cg/own/cgroup.procs && rm /tmp/it && ';
    expect(await exec([], deeper + script('b 254 0'))).toBe(refused);
    await home.ok(['rm', '-f', 'devices']);
  });
});
