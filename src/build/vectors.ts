import {
  encodeMessage,
  encodeTable,
  type MessageValues,
  type TableMessageName,
} from '../agent/codec.js';
import {
  EXEC_FLAGS,
  EXIT_FLAGS,
  GENERATION,
  SHIM_CONFIG,
  STAGES,
  STATS_FLAGS,
} from '../agent/protocol.js';

/** A golden payload: both languages must decode these bytes to these values. */
export interface Vector {
  /** The file's name without `.bin`: the name of the message, and of the special case. */
  name: string;
  /** A message of the protocol, or `shimConfig`. */
  message: TableMessageName | 'shimConfig';
  values: object;
  bytes: Buffer;
}

/** One ordinary payload of every message that has fields, and the extremes of those with lists. */
export function vectors(): Vector[] {
  return [
    vector('bootstrap', 'bootstrap', BOOTSTRAP),
    vector('bootstrap-no-mounts', 'bootstrap', {
      ...BOOTSTRAP,
      ...{ domainname: '', mac: '', resolvConf: '', hosts: '' },
      ...{ addresses: [], mounts: [], sysctls: [], limits: [], devices: [] },
    }),
    vector('prepare', 'prepare', {
      generation: GENERATION,
      address: 0x0a00_020f,
      prefix: 24,
      gateway: 0x0a00_0202,
      ...NETWORK6,
    }),
    vector('net-address', 'netAddress', { add: 1, ...ADDRESS }),
    vector('exec', 'exec', EXEC),
    vector('exec-empty', 'exec', EMPTY_EXEC),
    vector('exec-not-utf8', 'exec', { ...EMPTY_EXEC, argv: [Buffer.from([0xff, 0xfe, 0x80])] }),
    vector('credit', 'credit', { bytes: 65_536 }),
    vector('exit-delay', 'exitDelay', { delayMs: 60_000 }),
    vector('net-policy', 'netPolicy', NET_POLICY),
    vector('net-rates', 'netRates', { netTx: 1_250_000n, netRx: 0n }),
    vector('net-publish', 'netPublish', PUBLISHED_PORT),
    vector('net-unpublish', 'netUnpublish', PUBLISHED_PORT),
    vector('net-connect', 'netConnect', LINK),
    vector('net-disconnect', 'netDisconnect', { network: '5f2c' }),
    vector('net-done', 'netDone', { port: 8_080 }),
    vector('resize', 'resize', { rows: 24, cols: 65_535 }),
    vector('signal', 'signal', { signal: 15 }),
    vector('ready', 'ready', { generation: GENERATION, uptimeNs: 0xffff_ffff_ffff_ffffn }),
    vector('bootstrapped', 'bootstrapped', {
      identityNs: 1n,
      disksNs: 2_000_000_000n,
      networkNs: 0x0102_0304_0506_0708n,
    }),
    vector('failed', 'failed', { errno: 2, stage: STAGES.EXEC, message: 'exec: "x": not found' }),
    vector('started', 'started', { pid: 1 }),
    vector('exited', 'exited', { code: 137, signal: 9, flags: EXIT_FLAGS.OOM }),
    vector('healthcheck', 'healthcheck', HEALTHCHECK),
    vector('health', 'health', HEALTH),
    vector('stats-request', 'statsRequest', { flags: STATS_FLAGS.PROCESSES }),
    vector('stats', 'stats', STATS),
    vector('watch', 'watch', { id: 65_537, share: 2, path: 'src/a b' }),
    vector('unwatch', 'unwatch', { id: 65_537 }),
    vector('watched', 'watched', { id: 65_537, errno: 28 }),
    vector('changes', 'changes', { changes: CHANGES }),
    vector('welcome', 'welcome', {
      generation: GENERATION,
      phase: 2,
      shimPid: 4_194_304,
      vmmPid: 4_194_303,
      box: '01jd0000000000000000000000',
    }),
    vector('refused', 'refused', { errno: 16, message: 'main has been started' }),
    {
      name: 'shim-config',
      message: 'shimConfig',
      values: CONFIG,
      bytes: encodeTable(SHIM_CONFIG, CONFIG),
    },
  ];
}

/** vectors/index.json: u64 as decimal strings and bytes as hexadecimal, since JSON has neither. */
export function vectorIndex(all: readonly Vector[]): string {
  const entries = all.map(({ name, message, values }) => ({
    file: `${name}.bin`,
    message,
    values,
  }));
  return `${JSON.stringify(entries, plain, 2)}\n`;
}

const address6 = (host: string): Buffer =>
  Buffer.from(`fd626f786c740000${host.padStart(16, '0')}`, 'hex');
const NETWORK6 = {
  address6: address6('15'),
  prefix6: 64,
  gateway6: address6('2'),
  mtu: 65_520,
};

const ADDRESS = {
  address: 0xac13_0005,
  prefix: 16,
  address6: Buffer.from('fd010203040500000000000000000005', 'hex'),
  prefix6: 64,
};

/** IN_MOVED_FROM, and IN_MOVED_TO with IN_ISDIR. */
const CHANGES = [
  { id: 65_537, mask: 0x40, cookie: 7, name: 'old name' },
  { id: 131_074, mask: 0x4000_0080, cookie: 7, name: Buffer.from([0xff]) },
];

const BOOTSTRAP: MessageValues<'bootstrap'> = {
  generation: GENERATION,
  wallNs: 1_700_000_000_123_456_789n,
  entropy: Buffer.from(Array.from({ length: 32 }, (_, index) => index * 8)),
  flags: 5,
  hostname: 'box',
  domainname: 'example.org',
  machineId: '0123456789abcdef0123456789abcdef',
  address: 0x0a00_020f,
  prefix: 24,
  gateway: 0x0a00_0202,
  ...NETWORK6,
  addresses: [ADDRESS],
  mac: Buffer.from('0242ac110002', 'hex'),
  resolvConf: 'nameserver 10.0.2.3\nsearch example.org\n',
  hosts: '10.0.2.15\tbox\n',
  shmBytes: 67_108_864n,
  pidsMax: 2_048,
  mounts: [
    {
      ...{ kind: 1, source: '', target: '/run', flags: 6, options: 'size=65536k,mode=755' },
      ...{ subpath: '', copyUp: 0, notify: 0 },
    },
    {
      ...{ kind: 2, source: 'v0', target: '/data with space', flags: 1, options: '' },
      ...{ subpath: '', copyUp: 0, notify: 3 },
    },
    {
      ...{ kind: 3, source: 'vol1', target: '/var/lib/db', flags: 4, options: 'db' },
      ...{ subpath: 'a/b', copyUp: 1, notify: 0 },
    },
  ],
  sysctls: [{ name: 'net/ipv4/ip_forward', value: '1' }],
  limits: [{ name: 'cpu.max', value: '150000 100000' }],
  devices: [
    { path: '/dev/fuse', kind: 2, access: 6, major: 10, minor: 229, mode: 0o666 },
    { path: '', kind: 1, access: 7, major: 0xffff_ffff, minor: 0xffff_ffff, mode: 0 },
  ],
};

const LINK = {
  ...{ network: '5f2c', prefix: 0xac12_0000, prefixLength: 16, address: 0xac12_0002 },
  ...{ prefix6: address6('0'), address6: address6('2'), names: 'web www.test 0123456789ab' },
};

const PUBLISHED_PORT: MessageValues<'netPublish'> = {
  protocol: 6,
  hostAddress: Buffer.from('7f000001', 'hex'),
  hostPort: 8_080,
  boxPort: 80,
};

const NET_POLICY: MessageValues<'netPolicy'> = {
  netMode: 2,
  netReports: 1,
  hostPorts: [{ port: 5_432 }],
  netRules: [
    {
      ...{ denies: 0, kind: 2, protocol: 6, prefixLength: 0, firstPort: 443, lastPort: 443 },
      ...{ address: Buffer.alloc(16), name: 'example.org' },
    },
  ],
};

const EXEC: MessageValues<'exec'> = {
  flags: EXEC_FLAGS.TTY | EXEC_FLAGS.STDIN | EXEC_FLAGS.MAKE_CWD,
  rows: 24,
  cols: 80,
  timeoutMs: 86_400_000,
  capabilities: 0x0000_01ff_a804_25fbn,
  oomScoreAdj: 1_500,
  user: 'nobody:1000',
  groups: ['audio', '4242'],
  cwd: '/work',
  argv: ['sh', '-c', 'echo "$GREETING"', ''],
  env: ['PATH=/usr/bin:/bin', 'GREETING=grüß dich'],
  rlimits: [{ resource: 7, soft: 1_024n, hard: 0xffff_ffff_ffff_ffffn }],
};

const EMPTY_EXEC: MessageValues<'exec'> = {
  flags: 0,
  rows: 0,
  cols: 0,
  timeoutMs: 0,
  capabilities: 0n,
  oomScoreAdj: 1_000,
  user: '',
  groups: [],
  cwd: '',
  argv: [],
  env: [],
  rlimits: [],
};

const HEALTHCHECK: MessageValues<'healthcheck'> = {
  intervalMs: 30_000,
  timeoutMs: 1_000,
  startPeriodMs: 60_000,
  startIntervalMs: 5_000,
  retries: 3,
  command: encodeMessage('exec', { ...EMPTY_EXEC, argv: ['/bin/sh', '-c', 'true'] }),
};

const HEALTH: MessageValues<'health'> = {
  status: 3,
  result: 0,
  streak: 4,
  exitCode: 1,
  startNs: 1_700_000_000_000_000_000n,
  endNs: 1_700_000_000_250_000_000n,
  output: 'connection refused\n',
};

const STATS: MessageValues<'stats'> = {
  uptimeNs: 60_000_000_000n,
  memoryTotal: 500_000_000n,
  memoryAvailable: 400_000_000n,
  boxMemory: 12_345_678n,
  boxCache: 1_000_000n,
  load1: 150,
  load5: 75,
  load15: 3,
  processes: 2,
  threads: 3,
  cpuNs: 1_500_000_000n,
  receivedBytes: 1n,
  receivedPackets: 2n,
  sentBytes: 3n,
  sentPackets: 4n,
  readBytes: 5n,
  writtenBytes: 6n,
  oomKills: 1,
  list: [
    {
      ...{ pid: 1, parent: 0, uid: 0, gid: 0, group: 1, session: 1, startNs: 1n, cpuNs: 2n },
      ...{ virtualBytes: 4_096n, residentBytes: 4_096n, terminal: 1, foreground: 1, state: 83 },
      ...{ niceness: 20, threads: 1, processor: 0, name: 'sh', command: 'sh\0-c\0true\0' },
    },
    {
      ...{ pid: 9, parent: 1, uid: 65_534, gid: 65_534, group: 1, session: 1, startNs: 3n },
      ...{ cpuNs: 4n, virtualBytes: 0n, residentBytes: 0n, terminal: 0, foreground: 0, state: 90 },
      ...{ niceness: 39, threads: 1, processor: 63, name: 'gone', command: '[gone]' },
    },
  ],
};

const CONFIG = {
  generation: GENERATION,
  ...{ flags: 0, walls: 7, neededWalls: 2, roots: ['/usr', '/dev/null'] },
  box: '01jd0000000000000000000000',
  directory: '/home/some one/.boxlite/boxes/01jd0000000000000000000000',
  consoleLimit: 1_048_576,
  logMaxBytes: 20_000_000n,
  logMaxFiles: 5,
  argv: ['/usr/bin/qemu-system-x86_64', '-M', 'microvm'],
  env: ['LANG=C'],
  files: [
    { fd: 6, flags: 0, path: '/templates/ram' },
    { fd: 5, flags: 1, path: 'disk.ext4' },
  ],
  ...{ qmpFd: 10, portFd: 11, consoleFd: 12 },
  idDirectory: '/run/boxlite',
  firstId: 2_147_483_648,
  idRanges: 32_767,
  foreignIds: [{ first: 2_147_483_648, last: 2_147_483_649 }],
  rlimits: [{ resource: 7, soft: 1_024n, hard: 4_096n }],
  ...{ groupMemory: 1_627_389_952n, groupTasks: 129, groupWeight: 39 },
  preload: '',
  onExit: ['/usr/bin/node', 'cli.js'],
  onExitEnv: ['HOME=/root'],
  exitDelayMs: 100,
  timeoutMs: 60_000,
  shareFd: 6,
  shares: [{ flags: 1, path: '/srv/data: of mine' }],
  netProgram: '/usr/lib/boxlite-net',
  netFd: 22,
  macAddress: Buffer.from('0242ac110002', 'hex'),
  address: 0x0a00_020f,
  prefix: 0x0a00_0200,
  prefixLength: 24,
  gateway: 0x0a00_0202,
  resolver: 0x0a00_0203,
  address6: address6('15'),
  prefix6: address6('0'),
  gateway6: address6('2'),
  resolver6: address6('3'),
  mtu: 65_520,
  ports: [
    { protocol: 6, hostAddress: Buffer.from([127, 0, 0, 1]), hostPort: 8_080, boxPort: 80 },
    { protocol: 17, hostAddress: address6('1'), hostPort: 0, boxPort: 65_535 },
  ],
  netMode: 2,
  netReports: 0,
  hostPorts: [{ port: 5_432 }, { port: 65_535 }],
  netRules: [
    {
      ...{ denies: 1, kind: 0, protocol: 17, prefixLength: 104, firstPort: 53, lastPort: 54 },
      ...{ address: Buffer.from('00000000000000000000ffff0a000000', 'hex'), name: '' },
    },
    {
      ...{ denies: 0, kind: 2, protocol: 0, prefixLength: 0, firstPort: 0, lastPort: 65_535 },
      ...{ address: Buffer.alloc(16), name: 'example.com' },
    },
  ],
  ...{ netTx: 1_250_000n, netRx: 0x0001_0000_0000n },
  networkDirectory: '/home/a/.boxlite/networks',
  hubProgram: '/usr/lib/boxlite-hub',
  links: [LINK],
};

function vector<N extends TableMessageName>(
  name: string,
  message: N,
  values: MessageValues<N>,
): Vector {
  return { name, message, values, bytes: encodeMessage(message, values) };
}

/** A Buffer converts itself to an object before the replacer is called, so this looks at `this`. */
function plain(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Readonly<Record<string, unknown>>)[key];
  if (typeof original === 'bigint') return original.toString();
  if (original instanceof Uint8Array) return Buffer.from(original).toString('hex');
  if (typeof original === 'string' && key !== 'file' && key !== 'message')
    return Buffer.from(original).toString('hex');
  return value;
}
