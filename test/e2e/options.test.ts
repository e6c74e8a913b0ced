import { afterEach, describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

/** Parses a script's output, one fact per line: `NAME VALUE`. */
function facts(output: string): Record<string, string> {
  const lines = output.split('\n').map((line) => /^(\S+) ?(.*)$/.exec(line) ?? ['', '', '']);
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
}

const fact = (name: string, command: string): string => `echo "${name} $(${command})"; `;

describe('a box with many options', () => {
  const flags = [
    ...['--user', '1000:100', '--group-add', 'mail', '--group-add', '4242'],
    ...['--hostname', 'web', '--domainname', 'example.org', '--mac-address', '02:42:AC:11:00:07'],
    ...[
      '--dns',
      '1.1.1.1',
      '--dns',
      '9.9.9.9',
      '--dns-search',
      'a.test',
      '--dns-option',
      'ndots:3',
    ],
    ...['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.shmmax=123456'],
    ...['--sysctl', 'fs.mqueue.msg_max=20', '--sysctl', 'vm.max_map_count=262144'],
    ...['--cpu-quota', '90000', '--cpu-shares', '512', '--cpuset-cpus', '0'],
    ...['--memory-reservation', '100m', '--memory-swap', '-1', '--oom-score-adj', '300'],
    ...['--read-only', '--ipc', 'shareable', '--device', '/dev/net/tun', '--runtime', 'runc'],
  ];
  const script =
    fact('groups', 'id -G') +
    fact('resolv', 'cat /etc/resolv.conf | tr "\\n" ,') +
    fact('hosts', 'grep web /etc/hosts | tr "\\t" " "') +
    fact('domain', 'cat /proc/sys/kernel/domainname') +
    fact('mac', 'cat /sys/class/net/eth0/address') +
    fact(
      'sysctls',
      'cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmax fs/mqueue/msg_max | tr "\\n" ,',
    ) +
    fact('maps', 'cat /proc/sys/vm/max_map_count') +
    fact('pings', 'tr "\\t" " " < /proc/sys/net/ipv4/ping_group_range') +
    fact('files', 'echo $(ulimit -Sn) $(ulimit -Hn)') +
    fact(
      'cgroup',
      'cd /sys/fs/cgroup; cat cpu.max cpu.weight cpuset.cpus memory.low | tr "\\n" ,',
    ) +
    fact('oom', 'cat /proc/self/oom_score_adj') +
    fact('tun', ': <> /dev/net/tun && echo open') +
    fact(
      'etc',
      'for f in hosts hostname resolv.conf; do grep " /etc/$f " /proc/mounts; done | cut -d " " -f 4 | cut -c 1-2 | tr "\\n" ,',
    ) +
    // An ordinary user listens on a port that needs root elsewhere.
    fact(
      'port',
      'nc -l -p 80 -w 1 >/dev/null 2>&1 & sleep 0.2; grep -c ":0050 .* 0A " /proc/net/tcp6',
    );

  it('has them, as seen from inside', async () => {
    await home.ok(['create', '--name', 'many', ...flags, 'busybox', 'sh', '-c', script]);
    expect(facts(await home.ok(['start', '-a', 'many']))).toEqual({
      groups: '100 8 4242',
      resolv: 'nameserver 1.1.1.1,nameserver 9.9.9.9,search a.test,options ndots:3,',
      hosts: '10.0.2.15 web.example.org web',
      domain: 'example.org',
      mac: '02:42:ac:11:00:07',
      sysctls: '1,123456,20,',
      maps: '262144',
      pings: '0 2147483647',
      files: '1024 524288',
      cgroup: '90000 100000,59,0,104857600,',
      oom: '300',
      tun: 'open',
      etc: 'ro,ro,ro,',
      port: '1',
    });
  });

  it('has them again when it is started anew, and shows them to Docker’s programs', async () => {
    const { HostConfig } = (
      JSON.parse(await home.ok(['inspect', 'many'])) as { HostConfig: Record<string, unknown> }[]
    )[0] ?? { HostConfig: {} };
    expect(HostConfig).toMatchObject({
      Sysctls: { 'net.ipv4.ip_forward': '1' },
      GroupAdd: ['mail', '4242'],
      Dns: ['1.1.1.1', '9.9.9.9'],
      CpuQuota: 90_000,
      CpuShares: 512,
      OomScoreAdj: 300,
      IpcMode: 'shareable',
    });
    await home.ok(['update', '--cpu-quota', '70000', '--memory-reservation', '0', 'many']);
    // This start uses its machine's template, since the box has a disk now.
    expect(facts(await home.ok(['start', '-a', 'many']))).toMatchObject({
      sysctls: '1,123456,20,',
      tun: 'open',
      etc: 'ro,ro,ro,',
      cgroup: '70000 100000,59,0,0,',
    });
    // Reading its files starts a machine without any of these options.
    expect(await home.ok(['cp', 'many:/etc/group', '-'])).toContain('mail:x:8:');
  });
});

it('what a box was not given it does not have, and what it was given it alone', async () => {
  await home.ok([
    ...['run', '-d', '--name', 'bare', '--ipc', 'none', '--device-cgroup-rule', 'b *:* r'],
    ...['--security-opt', 'systempaths=unconfined', '--group-add', '7', '--oom-score-adj', '-200'],
    ...['busybox', 'sleep', '6000'],
  ]);
  const look =
    fact('shm', 'grep -c " /dev/shm " /proc/mounts') +
    fact('etc', 'echo "# mine" >> /etc/hosts && tail -n 1 /etc/hosts') +
    fact('interrupts', 'head -n 1 /proc/interrupts | wc -w') +
    fact('written', 'echo 7 > /proc/sys/kernel/shmmni && cat /proc/sys/kernel/shmmni') +
    fact('sys', 'mkdir /sys/fs/cgroup/x 2>&1') +
    fact('disk', 'mknod /d b 254 0 && dd if=/d bs=1 count=1 2>/dev/null | wc -c') +
    fact('write', 'dd if=/dev/zero of=/d bs=1 count=1 2>&1 | head -n 1') +
    fact('tun', 'mknod /t c 10 200 && dd if=/t bs=1 count=1 2>&1 | head -n 1');
  const refused = 'Operation not permitted';
  expect(facts(await home.ok(['exec', 'bare', 'sh', '-c', look]))).toEqual({
    shm: '0',
    etc: '# mine',
    interrupts: '1',
    written: '7',
    sys: "mkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system",
    disk: '1',
    write: `dd: can't open '/d': ${refused}`,
    tun: `dd: can't open '/t': ${refused}`,
  });
  const session = fact('groups', 'id -G') + fact('oom', 'cat /proc/self/oom_score_adj');
  expect(facts(await home.ok(['exec', 'bare', 'sh', '-c', session]))).toEqual({
    groups: '0 7',
    oom: '-200',
  });
  await home.ok(['rm', '-f', 'bare']);
});

it.each([
  [['--sysctl', 'net.ipv4.ip_forward=x'], `can't write "x" to /proc/sys/net/ipv4/ip_forward`],
  [['--group-add', 'nobodys'], 'unable to find group nobodys: no matching entries in group file'],
])('%j is an error that names it', async (flags, message) => {
  const { status, stderr } = await home.boxlite(['run', '--rm', ...flags, 'busybox', 'true']);
  expect(status).toBe(125);
  expect(stderr).toContain(message);
});
