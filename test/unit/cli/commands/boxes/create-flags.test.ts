import { describe, expect, it } from 'vitest';
import type { BoxOptions } from '../../../../../src/engine/spec/options.js';
import { SecurityOptions } from '../../../../../src/engine/spec/security.js';
import { fakeWorld, runCli } from '../../fake-world.js';
import { fakeEngine } from './fake-engine.js';

async function created(...flags: string[]): Promise<BoxOptions> {
  const { engine, calls } = fakeEngine();
  const outcome = await runCli(['create', ...flags, 'alpine', 'sh', '-c', 'x'], engine);
  expect(outcome.stderr).toBe('');
  const options = calls.created[0]?.[0];
  if (options === undefined) throw new Error('nothing was created');
  return options;
}

describe('a flag of create', () => {
  it.each<[string, string[], Partial<BoxOptions>]>([
    ['-i', ['-i'], { stdin: true }],
    ['-t', ['-t'], { tty: true }],
    ['--rm', ['--rm'], { autoRemove: true }],
    ['-e', ['-e', 'A=1', '-e', 'B='], { env: ['A=1', 'B='] }],
    ['-w', ['-w', '/srv'], { workingDir: '/srv' }],
    ['-u', ['-u', '1:2'], { user: '1:2' }],
    ['--entrypoint', ['--entrypoint', '/bin/x'], { entrypoint: ['/bin/x'] }],
    ['an empty --entrypoint', ['--entrypoint', ''], { entrypoint: [] }],
    ['-h', ['-h', 'web'], { hostname: 'web' }],
    ['-l twice', ['-l', 'a=1', '--label', 'a=2', '-l', 'b'], { labels: { a: '2', b: '' } }],
    ['--init', ['--init'], { init: true }],
    ['--read-only', ['--read-only'], { readOnlyRoot: true }],
    ['--shm-size', ['--shm-size', '128m'], { shmBytes: 134_217_728 }],
    ['--stop-signal', ['--stop-signal', 'USR1'], { stopSignal: 'USR1' }],
    ['--stop-timeout', ['--stop-timeout', '-1'], { stopTimeoutSeconds: -1 }],
    ['--cpus', ['--cpus', '2'], { cpus: 2 }],
    ['a fraction of --cpus', ['--cpus', '1.5'], { cpus: 1.5 }],
    [
      'the time of processors',
      ['--cpu-quota', '50000', '--cpu-period', '20000', '-c', '512', '--cpuset-cpus', '0'],
      { cpuQuota: 50_000, cpuPeriod: 20_000, cpuShares: 512, cpusetCpus: '0' },
    ],
    ['-m', ['-m', '1g'], { memoryMib: 1024 }],
    [
      'memory without swap',
      ['-m', '1g', '--memory-swap', '1g', '--memory-swappiness', '0', '--memory-reservation=512m'],
      { memoryMib: 1024, memoryReservationMib: 512 },
    ],
    ['--memory-swap -1', ['--memory-swap', '-1'], {}],
    ['--storage-opt', ['--storage-opt', 'size=20g'], { diskBytes: 20 * 2 ** 30 }],
    [
      'what the kernel is told',
      [
        ...['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.sem=1 2 3 4'],
        ...['--device', '/dev/fuse', '--device-cgroup-rule', 'c 1:3 r', '--ipc', 'shareable'],
      ],
      {
        sysctls: { 'net.ipv4.ip_forward': '1', 'kernel.sem': '1 2 3 4' },
        devices: ['/dev/fuse'],
        deviceRules: ['c 1:3 r'],
        ipc: 'shareable',
      },
    ],
    [
      'names',
      [
        ...['--domainname', 'example.org', '--dns', '1.1.1.1', '--dns', '9.9.9.9'],
        ...['--dns-search', 'a.test', '--dns-option', 'ndots:2', '--dns-opt', 'rotate'],
        ...['--mac-address', '02:42:ac:11:00:02'],
      ],
      {
        domainname: 'example.org',
        dns: ['1.1.1.1', '9.9.9.9'],
        dnsSearch: ['a.test'],
        dnsOptions: ['ndots:2', 'rotate'],
        macAddress: '02:42:ac:11:00:02',
      },
    ],
    [
      'whom the command is',
      ['--group-add', 'audio', '--group-add', '4242', '--oom-score-adj', '-500'],
      { groupAdd: ['audio', '4242'], oomScoreAdj: -500 },
    ],
    [
      'what every box is anyhow',
      [
        ...['--runtime', 'runc', '--isolation', 'default', '--userns', 'host', '--uts', ''],
        ...['--cgroupns', 'private', '--pid=private', '--volume-driver', 'local'],
        ...['--cpuset-mems', '0', '--cpu-rt-runtime', '0'],
        ...['--security-opt', 'apparmor=unconfined', '--security-opt', 'label:disable'],
      ],
      { security: SecurityOptions.standard() },
    ],
    ['--disk-size', ['--disk-size=20g'], { diskBytes: 20 * 2 ** 30 }],
    ['--network', ['--network', 'none'], { network: 'none' }],
    ['a named --network', ['--network', 'app'], { network: 'app' }],
    ['--net of Docker', ['--net', 'bridge'], { network: 'bridge' }],
    [
      'an address and an alias',
      ['--network', 'app', '--ip', '172.18.0.9', '--network-alias', 'db', '--net-alias', 'sql'],
      { networks: [{ name: 'app', ip: '172.18.0.9', aliases: ['db', 'sql'] }] },
    ],
    [
      'several networks',
      [
        ...['--network', 'app', '--ip6', 'fd01::9', '--net', 'db'],
        ...['--network', 'name=Log,alias=l,alias=m,ip=10.1.0.2,mac-address=02:42:ac:11:00:02'],
      ],
      {
        networks: [
          { name: 'app', ip6: 'fd01::9' },
          { name: 'Log', ip: '10.1.0.2', aliases: ['l', 'm'] },
          { name: 'db' },
        ],
        macAddress: '02:42:ac:11:00:02',
      },
    ],
    [
      'an alias without a network, which the engine refuses',
      ['--network-alias', 'db'],
      { networks: [{ name: 'default', aliases: ['db'] }] },
    ],
    [
      'what it may reach',
      [
        ...['--network', 'public', '--allow-net', '10.0.0.0/8:53/udp', '--allow-net', '10.1.1.1'],
        ...['--deny-net', 'fd00::/8', '--allow-host', '80', '--allow-host', '443'],
      ],
      {
        ...{ network: 'public', allowNet: ['10.0.0.0/8:53/udp', '10.1.1.1'] },
        ...{ denyNet: ['fd00::/8'], allowHost: [80, 443] },
      },
    ],
    ['a log of what it reaches', ['--log-net'], { logNet: true }],
    [
      '-v',
      ['-v', '/a:/b:ro'],
      { volumes: [{ hostPath: '/a', guestPath: '/b', readOnly: true, createHostPath: true }] },
    ],
    [
      '--mount of a directory',
      ['--mount', 'type=bind,src=/a,dst=/b'],
      { volumes: [{ hostPath: '/a', guestPath: '/b', readOnly: false }] },
    ],
    [
      '--tmpfs and --mount of one',
      ['--tmpfs', '/a:size=1m', '--mount', 'type=tmpfs,target=/b'],
      { tmpfs: [{ guestPath: '/b' }, { guestPath: '/a', options: 'size=1m' }] },
    ],
    ['--platform', ['--platform', 'linux/arm64'], { platform: 'linux/arm64' }],
    [
      '--kernel with --modules',
      ['--kernel', '/k', '--modules', '/m'],
      { kernel: '/k', modules: '/m' },
    ],
    ['--security', ['--security', 'maximum'], { security: 'maximum' }],
    [
      '--security-opt twice',
      ['--security-opt', 'seccomp=builtin', '--security-opt', 'seccomp=unconfined'],
      { security: { ...SecurityOptions.standard(), seccomp: false } },
    ],
    [
      '--security with --security-opt',
      ['--security-opt', 'no-new-privileges=false', '--security', 'maximum'],
      { security: { ...SecurityOptions.maximum(), noNewPrivileges: false } },
    ],
    [
      '--privileged with --security-opt',
      ['--privileged', '--security-opt', 'no-new-privileges'],
      { privileged: true, security: { ...SecurityOptions.standard(), noNewPrivileges: true } },
    ],
  ])('%s reaches the engine', async (_flag, flags, expected) => {
    expect(await created(...flags)).toMatchObject(expected);
  });

  it('that is not given leaves the choice to the engine', async () => {
    const options = await created();
    for (const key of [
      'cpus',
      'memoryMib',
      'diskBytes',
      'network',
      'user',
      'entrypoint',
      'hostname',
      'volumes',
      'tmpfs',
      'kernel',
      'modules',
      'security',
    ])
      expect(options).not.toHaveProperty(key);
  });

  it.each<[string[], string]>([
    [['--cpus', '0'], 'invalid argument "0" for "--cpus" flag'],
    [['--cpus', '64.5'], 'invalid argument "64.5" for "--cpus" flag'],
    [['--sysctl', 'net.core.somaxconn'], 'must be NAME=VALUE'],
    [['--ipc', 'host'], 'for more of its own, --shm-size 1g'],
    [['--ipc', 'container:web'], 'a box shares no memory with another'],
    [['--memory-swap', '256m'], 'Minimum memoryswap limit should be larger than memory limit'],
    [['--storage-opt', 'mode=1'], 'unknown option mode: size=SIZE is known'],
    [['-m', '64m'], 'at least 128 MiB'],
    [['--disk-size', '10'], 'needs a unit'],
    [['--network', 'name=app,color=red'], 'invalid field key color'],
    [['--network', 'alias=db,ip=172.18.0.9'], 'network name/id is not specified'],
    [['--network', 'name=app,gw-priority=1'], 'the first of its networks that is not internal'],
    [
      ['--network', 'name=app,alias=a', '--network-alias', 'b'],
      'cannot specify both --network-alias and per-network alias',
    ],
    [['--network', 'name=a,ip=10.1.1.1', '--ip', '10.1.1.2'], 'both --ip and per-network IPv4'],
    [['--network', 'name=a,ip6=fd01::2', '--ip6', 'fd01::3'], 'both --ip6 and per-network IPv6'],
    [
      ['--network', 'name=a,mac-address=02:00:00:00:00:01', '--mac-address', '02:00:00:00:00:02'],
      'both --mac-address and per-network MAC address',
    ],
    [
      [
        ...['--network', 'name=a,mac-address=02:00:00:00:00:01'],
        ...['--network', 'name=b,mac-address=02:00:00:00:00:02'],
      ],
      'a box has one interface for all its networks',
    ],
    [['--link', 'db'], 'boxes find each other by name in a network'],
    [['--pull', 'often'], 'must be one of missing, always, never'],
    [['--stop-timeout', '-2'], 'must be a whole number of at least -1'],
    [['--env-file', '/no/such'], '/no/such'],
    [['-l', '=x'], 'invalid label'],
    [['-v', 'd:/x'], 'create d: volume name is too short'],
    [['--mount', 'type=bind,source=/a'], 'target is required'],
    [['--security-opt', 'seccomp='], 'invalid --security-opt: "seccomp="'],
    [
      ['--security-opt', 'seccomp=builtin', '--privileged'],
      'a privileged box has no filter of system calls',
    ],
    [['--bogus'], 'unknown flag: --bogus'],
  ])('%j is refused with 125 and a reason', async (flags, reason) => {
    const { engine, calls } = fakeEngine();
    for (const verb of ['run', 'create']) {
      const outcome = await runCli([verb, ...flags, 'alpine'], engine);
      expect([outcome.status, outcome.stdout]).toEqual([125, '']);
      expect(outcome.stderr).toContain(reason);
    }
    expect(calls.created).toEqual([]);
  });

  it('-e of an unset variable takes the image’s away, without a word', async () => {
    const { engine, calls } = fakeEngine();
    const world = fakeWorld({ SET: 'yes' });
    const outcome = await runCli(['create', '-e', 'SET', '-e', 'UNSET', 'alpine'], engine, world);
    expect(outcome.stderr).toBe('');
    expect(calls.created[0]?.[0].env).toEqual(['UNSET', 'SET=yes']);
  });
});
