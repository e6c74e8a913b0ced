import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { BoxOptions } from '../../../../../src/engine/spec/options.js';
import { SecurityOptions } from '../../../../../src/engine/spec/security.js';
import { BoxliteError } from '../../../../../src/errors.js';
import { FakeExecution } from '../../attach/fake-execution.js';
import { FakeTerminal, type FakeWorld, fakeWorld, runCli } from '../../fake-world.js';

interface Calls {
  created: [BoxOptions, string | undefined][];
  started: object[];
  removed: string[];
  pulled: string[];
}

const ID = '01kaz3v5h8w2q6n9r4t7y1m0dx';
const NOT_HERE = new BoxliteError('image-not-found', 'No such image: alpine');

function fakeEngine(
  exitCode = 0,
  failures: { create?: Error; start?: Error } = {},
): { engine: object; calls: Calls } {
  const calls: Calls = { created: [], started: [], removed: [], pulled: [] };
  const start = (options: object): Promise<void> => {
    calls.started.push(options);
    return failures.start === undefined ? Promise.resolve() : Promise.reject(failures.start);
  };
  const box = {
    id: ID,
    start,
    startAttached: async (options: object) => {
      await start(options);
      const execution = new FakeExecution();
      execution.stdout.write('out\n');
      execution.stderr.write('err\n');
      return execution.exit(exitCode);
    },
  };
  const engine = {
    create: (options: BoxOptions, name?: string) => {
      calls.created.push([options, name]);
      const failure = calls.pulled.length === 0 ? failures.create : undefined;
      return failure === undefined ? Promise.resolve(box) : Promise.reject(failure);
    },
    remove: (id: string) => {
      calls.removed.push(id);
      return Promise.resolve();
    },
    pullImage: (reference: string, { onProgress }: { onProgress?: (event: object) => void }) => {
      calls.pulled.push(reference);
      const canonical = `docker.io/library/${reference}:latest`;
      const digest = `sha256:${'4a'.repeat(32)}`;
      onProgress?.({ type: 'resolved', reference: canonical, digest, layers: [digest] });
      for (const status of ['queued', 'unpacking', 'done'])
        onProgress?.({ type: 'layer', digest, status });
      return Promise.resolve({ reference: canonical, digest, imageId: digest, upToDate: false });
    },
  };
  return { engine, calls };
}

/** As of a write to /dev/full. */
function fullDevice(): Error {
  return Object.assign(new Error('write'), { code: 'ENOSPC', errno: -constants.errno.ENOSPC });
}

async function created(...flags: string[]): Promise<BoxOptions> {
  const { engine, calls } = fakeEngine();
  const outcome = await runCli(['create', ...flags, 'alpine', 'sh', '-c', 'x'], engine);
  expect(outcome.stderr).toBe('');
  const options = calls.created[0]?.[0];
  if (options === undefined) throw new Error('nothing was created');
  return options;
}

describe('run', () => {
  it('is the command’s output on both streams, and its code', async () => {
    const { engine, calls } = fakeEngine(42);
    expect(await runCli(['run', 'alpine', 'sh', '-c', 'x', '--rm'], engine)).toEqual({
      status: 42,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(calls.created[0]?.[0]).toMatchObject({
      rootfs: { image: 'alpine' },
      command: ['sh', '-c', 'x', '--rm'],
      pull: 'never',
    });
    expect(calls.removed).toEqual([]);
  });

  it('prints the full id with -d', async () => {
    const { engine, calls } = fakeEngine();
    expect(await runCli(['run', '-dt', '--name', 'web', 'alpine'], engine)).toEqual({
      status: 0,
      stdout: `${ID}\n`,
      stderr: '',
    });
    expect(calls.created[0]?.[1]).toBe('web');
  });

  it('keeps the image’s own command when none is given', async () => {
    const { engine, calls } = fakeEngine();
    await runCli(['run', 'alpine'], engine);
    expect(calls.created[0]?.[0]).not.toHaveProperty('command');
  });

  it.each([
    ['exec-not-found', 127],
    ['exec-not-invocable', 126],
    ['boot-failed', 125],
  ] as const)(
    'ends a start that fails with %s as %i, and removes a box with --rm',
    async (code, status) => {
      const start = new BoxliteError(code, 'exec: "nope" not found');
      for (const flags of [[], ['-d']]) {
        const { engine, calls } = fakeEngine(0, { start });
        const outcome = await runCli(['run', '--rm', ...flags, 'alpine', 'nope'], engine);
        expect(outcome).toEqual({
          status,
          stdout: '',
          stderr: 'boxlite: exec: "nope" not found\n',
        });
        expect(calls.removed).toEqual([ID]);
      }
    },
  );

  it('refuses -it where no terminal is, but neither -t nor -dit', async () => {
    const { engine, calls } = fakeEngine(3);
    expect((await runCli(['run', '-t', 'alpine'], engine)).status).toBe(3);
    expect((await runCli(['run', '-dit', 'alpine'], engine)).status).toBe(0);
    expect((await runCli(['run', '-it', '-a', 'stdout', 'alpine'], engine)).status).toBe(3);
    calls.created.length = 0;
    const outcome = await runCli(['run', '-it', 'alpine'], engine);
    expect([outcome.status, outcome.stdout]).toEqual([125, '']);
    expect(outcome.stderr).toMatch(/^boxlite: the input device is not a TTY\n/);
    expect(calls.created).toEqual([]);
  });

  it.each(['-i', '-d'])(
    '%s names what can’t be written, and with --rm leaves a box that runs',
    async (flag) => {
      const { engine, calls } = fakeEngine();
      const world = fakeWorld();
      world.stdout._write = (_chunk, _encoding, done) => done(fullDevice());
      const outcome = await runCli(['run', '--rm', flag, 'alpine'], engine, world);
      expect(outcome.status).toBe(125);
      expect(outcome.stderr).toMatch(
        /^(err\n)?boxlite: write \/dev\/stdout: no space left on device\nthe box may still run: /,
      );
      expect(calls.removed).toEqual([]);
    },
  );

  it('starts with the size of the terminal', async () => {
    const { engine, calls } = fakeEngine();
    const world = { ...fakeWorld(), stdin: new FakeTerminal() as unknown as FakeWorld['stdin'] };
    Object.assign(world.stdout, { isTTY: true, columns: 100, rows: 40 });
    await runCli(['run', '-it', 'alpine'], engine, world);
    expect(calls.started).toMatchObject([{ cold: false, terminal: { rows: 40, cols: 100 } }]);
  });

  it('pulls a missing image on stderr, and says so as Docker does', async () => {
    const { engine, calls } = fakeEngine(0, { create: NOT_HERE });
    const { stdout, stderr } = await runCli(['run', 'alpine', 'true'], engine);
    expect(stdout).toBe('out\n');
    expect(stderr).toBe(
      [
        "Unable to find image 'alpine:latest' locally",
        'Using default tag: latest',
        'latest: Pulling from library/alpine',
        '4a4a4a4a4a4a: Pulling fs layer',
        '4a4a4a4a4a4a: Download complete',
        '4a4a4a4a4a4a: Pull complete',
        `Digest: sha256:${'4a'.repeat(32)}`,
        'Status: Downloaded newer image for alpine:latest',
        'err',
        '',
      ].join('\n'),
    );
    expect([calls.pulled, calls.created.length]).toEqual([['alpine'], 2]);
  });

  it('pulls without a word with -q, always with --pull always, never with --pull never', async () => {
    const quiet = fakeEngine(0, { create: NOT_HERE });
    expect((await runCli(['run', '-q', 'alpine'], quiet.engine)).stderr).toBe('err\n');
    const always = fakeEngine();
    await runCli(['run', '--pull', 'always', 'alpine'], always.engine);
    expect(always.calls.pulled).toEqual(['alpine']);
    const never = fakeEngine(0, { create: NOT_HERE });
    expect(await runCli(['run', '--pull=never', 'alpine'], never.engine)).toMatchObject({
      status: 125,
      stderr: 'boxlite: No such image: alpine\n',
    });
    expect(never.calls.pulled).toEqual([]);
  });
});

describe('a signal', () => {
  const interrupted = async (when: 'create' | 'start', flags: string[]) => {
    const { engine, calls } = fakeEngine();
    const world = fakeWorld();
    const then = <T>(value: T): Promise<T> => {
      world.signals.emit('SIGINT', 'SIGINT');
      return Promise.resolve(value);
    };
    const { create } = engine as { create: (...given: unknown[]) => Promise<{ start: unknown }> };
    const box = await create({});
    Object.assign(engine, { create: () => (when === 'create' ? then(box) : Promise.resolve(box)) });
    if (when === 'start') {
      // Some time passes until it has been undone; timeout(1) has sent its signal twice by then.
      const stuck = ({ signal }: { signal: AbortSignal }): Promise<never> => {
        setImmediate(() => world.signals.emit('SIGINT', 'SIGINT'));
        return new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => {
            expect(world.signals.emit('SIGINT', 'SIGINT')).toBe(true);
            setImmediate(() => reject(new BoxliteError('cancelled', 'the start was cancelled')));
          });
        });
      };
      Object.assign(box, { start: stuck, startAttached: stuck });
    }
    const { status, stderr } = await runCli(['run', ...flags, 'busybox'], engine, world);
    expect({ status, stderr }).toEqual({ status: 130, stderr: '' });
    expect(world.signals.listenerCount('SIGINT')).toBe(0);
    return calls;
  };

  it.each(['create', 'start'] as const)('during %s leaves no box with --rm', async (when) => {
    for (const mode of [[], ['-d']]) {
      expect((await interrupted(when, ['--rm', ...mode])).removed).toEqual([ID]);
      expect((await interrupted(when, mode)).removed).toEqual([]);
    }
  });

  it('that comes when the command has just started is sent on to it', async () => {
    const { engine } = fakeEngine();
    const world = fakeWorld();
    const execution = new FakeExecution();
    const startAttached = (): Promise<FakeExecution> => {
      world.signals.emit('SIGTERM', 'SIGTERM');
      setImmediate(() => execution.exit(143));
      return Promise.resolve(execution);
    };
    const { create } = engine as { create: (...given: unknown[]) => Promise<object> };
    const box = Object.assign(await create({}), { startAttached });
    Object.assign(engine, { create: () => Promise.resolve(box) });
    const { status } = await runCli(['run', '--rm', 'busybox'], engine, world);
    expect([status, execution.signals]).toEqual([143, ['SIGTERM']]);
  });

  it('during create starts nothing', async () => {
    expect((await interrupted('create', [])).started).toEqual([]);
  });
});

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
    [['-v', 'data:/x'], 'named volumes are not there yet'],
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
