/**
 * What scripts read, byte for byte: one file a table or message in ./golden, with the command line it
 * answers first. After a change that is meant: npx vitest run --project unit test/unit/cli/golden.test.ts --update
 */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BoxProcess } from '../../../src/engine/report/processes.js';
import type { BoxInfo } from '../../../src/engine/state/box-info.js';
import { BoxliteError } from '../../../src/errors.js';
import { boxInfo, fakeWorld, NOW, runCli } from './fake-world.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

/** One id a box, in the order of the boxes. */
const idOf = (index: number): string => `01kaz3v5h${index}w2q6n9r4t7y1m0dx`;

const published = (hostAddress: string, hostPort: number, boxPort: number) => ({
  ...{ protocol: 'tcp' as const, hostAddress, hostPort, boxPort },
});

const BOXES: BoxInfo[] = [
  { name: 'now', startedAt: ago(0), createdAt: ago(400) },
  { name: 'second', startedAt: ago(SECOND), createdAt: ago(59 * SECOND) },
  { name: 'minute', startedAt: ago(MINUTE), createdAt: ago(2 * MINUTE), labels: { app: 'a' } },
  {
    ...{ name: 'hour', startedAt: ago(46 * MINUTE), createdAt: ago(HOUR) },
    ...{ exposedPorts: ['80/tcp'], ports: [published('127.0.0.1', 8080, 80)] },
  },
  { name: 'hours', startedAt: ago(47 * HOUR), createdAt: ago(48 * HOUR) },
  {
    name: 'stopping',
    status: 'stopping' as const,
    startedAt: ago(13 * DAY),
    createdAt: ago(14 * DAY),
  },
  {
    name: 'ended',
    status: 'stopped' as const,
    exitCode: 137,
    finishedAt: ago(59 * DAY),
    createdAt: ago(60 * DAY),
    command: ['sh', '-c', 'echo "ä" && exec sleep 600'],
  },
  {
    name: 'fine',
    status: 'stopped' as const,
    exitCode: 0,
    finishedAt: ago(800 * DAY),
    createdAt: ago(900 * DAY),
  },
  { name: 'new', status: 'configured' as const, image: 'docker.io/library/busybox:1.36' },
  { name: 'lost', status: 'unknown' as const },
].map((fields, index) => boxInfo({ ...fields, id: idOf(index) }));

/** In no list. */
const SERVER = boxInfo({
  name: 'server',
  ports: [
    ...[443, 8000].map((port) => published('127.0.0.1', port, port)),
    ...[published('127.0.0.1', 8080, 80), published('127.0.0.1', 10_080, 80)],
    ...[
      published('::1', 8080, 80),
      { ...published('0.0.0.0', 5353, 53), protocol: 'udp' as const },
    ],
  ],
});

const IMAGE = {
  reference: 'docker.io/library/alpine:3.20',
  repository: 'alpine',
  tag: '3.20',
  digest: `sha256:${'d1'.repeat(32)}`,
  manifestDigest: `sha256:${'d2'.repeat(32)}`,
  id: `sha256:${'a1'.repeat(32)}`,
  createdAt: ago(3 * DAY),
  sizeBytes: 7_049_688,
  platform: 'linux/amd64',
};
const IMAGES = [
  IMAGE,
  {
    ...IMAGE,
    reference: 'localhost/web:latest',
    repository: 'localhost/web',
    tag: 'latest',
    digest: '',
    id: `sha256:${'b2'.repeat(32)}`,
    createdAt: ago(5 * HOUR),
    sizeBytes: 999_999,
  },
  {
    ...IMAGE,
    reference: undefined,
    repository: '<none>',
    tag: undefined,
    digest: '',
    id: `sha256:${'c3'.repeat(32)}`,
    createdAt: ago(90 * DAY),
    sizeBytes: 1_234_567_890,
  },
];
const DETAILS = {
  ...IMAGE,
  references: [IMAGE.reference],
  repoDigests: [`docker.io/library/alpine@${IMAGE.digest}`],
  layers: [`sha256:${'e5'.repeat(32)}`],
  lastTaggedAt: ago(DAY),
  config: {
    architecture: 'amd64',
    os: 'linux',
    created: '2026-11-21T12:00:00.5Z',
    author: 'someone',
    user: 'nobody',
    env: ['PATH=/bin'],
    entrypoint: null,
    cmd: ['/bin/sh'],
    workingDir: '/srv',
    exposedPorts: ['80/tcp'],
    volumes: [],
    labels: { app: 'a' },
    stopSignal: 'SIGQUIT',
    diffIds: [`sha256:${'e5'.repeat(32)}`],
    history: [{ comment: 'made', emptyLayer: false }],
  },
};

const HISTORY = [
  {
    id: IMAGE.id,
    createdAt: ago(3 * DAY),
    createdBy: 'CMD ["/bin/sh"]',
    sizeBytes: 0,
    comment: 'made',
  },
  {
    id: undefined,
    createdAt: ago(4 * DAY),
    createdBy: `ADD ${'x'.repeat(60)}.tar /`,
    sizeBytes: 7_049_688,
    comment: '',
  },
];

const USAGE = {
  images: [
    {
      id: IMAGE.id,
      references: [IMAGE.reference],
      createdAt: IMAGE.createdAt,
      bytes: 8_000_000,
      sharedBytes: 3_000_000,
      boxes: 2,
    },
    {
      id: `sha256:${'c3'.repeat(32)}`,
      references: [],
      createdAt: ago(90 * DAY),
      bytes: 4_000_000,
      sharedBytes: 3_000_000,
      boxes: 0,
    },
  ],
  imageBytes: 9_000_000,
  reclaimableImageBytes: 1_000_000,
  templates: { count: 3, active: 1, bytes: 360_000_000 },
  boxes: BOXES.slice(0, 2).map((box, index) => ({ box, bytes: 1_500_000, active: index === 0 })),
};

const PROCESSES: BoxProcess[] = [
  {
    ...{ pid: 1, parentPid: 0, uid: 0, gid: 0, processGroup: 1, sessionId: 1 },
    ...{ startedAt: ago(HOUR), cpuMs: 61_000, cpuPercent: 1.7, nice: 0, threads: 1, processor: 0 },
    ...{ virtualBytes: 4_571_136, residentBytes: 1_740_800, memoryPercent: 0.36 },
    ...{ terminal: 'pts/0', foreground: true, state: 'S', name: 'sh' },
    command: ['sh', '-c', 'serve; sleep 600'],
  },
  {
    ...{ pid: 7, parentPid: 1, uid: 33, gid: 33, processGroup: 7, sessionId: 1 },
    ...{ startedAt: ago(3 * DAY), cpuMs: 90_061_000, cpuPercent: 35, nice: 5, threads: 4 },
    ...{ virtualBytes: 99_000_000, residentBytes: 48_000_000, memoryPercent: 9.8, processor: 1 },
    ...{ terminal: undefined, foreground: false, state: 'R', name: 'serve' },
    command: ['serve', '--port', '80'],
  },
];

const notFound = new BoxliteError('box-not-found', 'No such box: nobox');

const NETWORKS = [
  {
    id: '7e'.repeat(32),
    name: 'app',
    createdAt: new Date('2026-11-23T10:00:00.25Z'),
    internal: false,
    subnets: [
      { subnet: '172.18.0.0/16', gateway: '172.18.0.1' },
      { subnet: 'fd12:3456:789a::/64', gateway: 'fd12:3456:789a::1' },
    ],
    auxAddresses: {},
    labels: { team: 'a' },
    options: {},
    boxes: [
      {
        ...{ id: idOf(0), name: 'now', address: '172.18.0.2', prefixLength: 16, aliases: ['db'] },
        ...{ address6: 'fd12:3456:789a::2', macAddress: '02:42:ac:12:00:02', running: true },
      },
    ],
  },
];

const engine = {
  networks: {
    list: () => Promise.resolve(NETWORKS),
    prune: () => Promise.resolve(['old-net']),
  },
  listInfo: () => Promise.resolve(BOXES),
  listImages: () => Promise.resolve(IMAGES),
  inspectImage: (name: string) => Promise.resolve(name === 'alpine' ? DETAILS : undefined),
  imageHistory: () => Promise.resolve(HISTORY),
  diskUsage: () => Promise.resolve(USAGE),
  pruneBoxes: () => Promise.resolve({ removed: [idOf(6), idOf(7)], freedBytes: 1_500_000 }),
  pruneImages: () =>
    Promise.resolve({
      removals: [{ untagged: 'docker.io/library/old:1' }, { deleted: `sha256:${'c3'.repeat(32)}` }],
      freedBytes: 4_000_000,
    }),
  commit: () => Promise.resolve(`sha256:${'f6'.repeat(32)}`),
  remove: () => Promise.reject(notFound),
  get: (name: string) =>
    Promise.resolve(
      [...BOXES, SERVER]
        .filter((box) => box.name === name || box.id === name)
        .map((info) => ({
          name: info.name,
          info: () => Promise.resolve(info),
          changes: () =>
            Promise.resolve(
              (['added', 'changed', 'deleted'] as const).map((kind) => ({
                kind,
                path: `/${kind}`,
                rawPath: Buffer.from(`/${kind}`),
              })),
            ),
          processes: () => Promise.resolve(PROCESSES),
          wait: () => Promise.resolve({ exitCode: info.exitCode ?? 0 }),
          rename: () => Promise.resolve(),
          size: () => Promise.resolve({ writableBytes: 380_928, rootBytes: 2_400_256 }),
        }))[0],
    ),
};

interface Golden {
  readonly argv: string[];
  /** Typed when the command asks. */
  readonly input?: string;
  /** Columns of the terminal that stdout is. */
  readonly columns?: number;
}

const CASES: Readonly<Record<string, Golden>> = {
  'ps-all': { argv: ['ps', '-a'] },
  'ps-running': { argv: ['ps'] },
  'ps-size': { argv: ['ps', '-s', '-n', '2'] },
  'ps-no-trunc': { argv: ['ps', '-a', '--no-trunc'] },
  'ps-published': { argv: ['ps', '-f', 'publish=8080', '--format', '{{.Names}}: {{.Ports}}'] },
  'ps-quiet': { argv: ['ps', '-aq'] },
  'ps-json': { argv: ['ps', '-a', '--format', 'json', '-f', 'name=minute', '-f', 'name=ended'] },
  'ps-table-template': {
    argv: ['ps', '--format', 'table {{.Names}}\\t{{.Label "app"}}\\t{{.State}}'],
  },
  'ps-template': {
    argv: [
      'ps',
      '-a',
      '--format',
      '{{json .Names}} {{upper .State}} {{if .Labels}}{{.Labels}}{{else}}-{{end}}',
    ],
  },
  'ps-40-columns': { argv: ['ps', '-a'], columns: 40 },
  'ps-200-columns': { argv: ['ps', '-a'], columns: 200 },
  'ps-unknown-filter': { argv: ['ps', '-f', 'color=red'] },
  'ps-bad-status': { argv: ['ps', '-f', 'status=asleep'] },
  'ps-malformed-template': { argv: ['ps', '--format', '{{.Names'] },
  'ps-unknown-field': { argv: ['ps', '--format', '{{.Nmaes}}'] },
  images: { argv: ['images'] },
  'images-digests': { argv: ['images', '--digests', '--no-trunc'] },
  'images-json': { argv: ['image', 'ls', '--format', 'json'] },
  'images-quiet': { argv: ['images', '-q'] },
  'images-40-columns': { argv: ['images'], columns: 40 },
  'image-inspect': { argv: ['image', 'inspect', 'alpine'] },
  'image-inspect-missing': { argv: ['image', 'inspect', 'nobody'] },
  history: { argv: ['history', 'alpine'] },
  'history-plain': { argv: ['history', '-H=false', '--no-trunc', 'alpine'] },
  'history-json': { argv: ['history', '--format', 'json', 'alpine'] },
  'system-df': { argv: ['system', 'df'] },
  'system-df-verbose': { argv: ['system', 'df', '-v'] },
  'system-df-json': { argv: ['system', 'df', '--format', 'json'] },
  'container-prune-no': { argv: ['container', 'prune'], input: 'n\n' },
  'container-prune-yes': { argv: ['container', 'prune'], input: 'y\n' },
  'image-prune-yes': { argv: ['image', 'prune'], input: 'y\n' },
  'system-prune-all': { argv: ['system', 'prune', '-a'], input: 'y\n' },
  diff: { argv: ['diff', 'now'] },
  commit: { argv: ['container', 'commit', 'now', 'web:1'] },
  port: { argv: ['port', 'server'] },
  'port-none': { argv: ['port', 'now'] },
  'port-one': { argv: ['port', 'server', '80'] },
  'port-udp': { argv: ['port', 'server', '53/udp'] },
  'port-invalid': { argv: ['port', 'server', 'http'] },
  'port-unpublished': { argv: ['port', 'server', '53'] },
  'rename-empty': { argv: ['rename', 'now', ''] },
  'rename-same': { argv: ['rename', 'now', 'now'] },
  'attach-stopped': { argv: ['attach', 'ended'] },
  top: { argv: ['top', 'now'] },
  'top-aux': { argv: ['top', 'now', 'aux'] },
  'top-columns': { argv: ['top', 'now', '-eo', 'pid,user,rss,args', '--sort=-rss'] },
  'top-40-columns': { argv: ['top', 'now', 'aux'], columns: 40 },
  'top-200-columns': { argv: ['top', 'now'], columns: 200 },
  'top-without-pid': { argv: ['top', 'now', '-o', 'user,args'] },
  'top-unknown-option': { argv: ['top', 'now', '-eT'] },
  'network-ls': { argv: ['network', 'ls'] },
  'network-ls-json': { argv: ['network', 'ls', '--no-trunc', '--format', 'json'] },
  'network-ls-quiet': { argv: ['network', 'ls', '-q'] },
  'network-ls-raw': { argv: ['network', 'ls', '--format', 'raw', '-f', 'name=app'] },
  'network-inspect': { argv: ['network', 'inspect', 'app', 'none'] },
  'network-inspect-missing': { argv: ['network', 'inspect', 'nobody'] },
  'network-prune-no': { argv: ['network', 'prune'], input: 'n\n' },
  'network-prune-yes': { argv: ['network', 'prune'], input: 'y\n' },
  wait: { argv: ['wait', 'ended', 'fine'] },
  'no-such-box': { argv: ['wait', 'nobox', 'ended', 'nobox'] },
  'inspect-missing': { argv: ['inspect', 'nobox'] },
  'rm-missing': { argv: ['rm', 'nobox'] },
  'rm-missing-force': { argv: ['rm', '-f', 'nobox'] },
  'run-help': { argv: ['run', '--help'] },
  'run-help-40-columns': { argv: ['run', '--help'], columns: 40 },
  'run-help-200-columns': { argv: ['run', '--help'], columns: 200 },
  'unknown-command': { argv: ['container', 'strat', 'x'] },
  'unknown-flag': { argv: ['ps', '--al'] },
  'missing-argument': { argv: ['rename', 'x'] },
};

describe('golden', () => {
  it.each(Object.entries(CASES))('%s', async (name, { argv, input, columns }) => {
    const world = fakeWorld({ NO_COLOR: '1' });
    if (columns !== undefined) Object.assign(world.stdout, { isTTY: true, columns, rows: 24 });
    if (input !== undefined) world.stdin.end(input);
    const { status, stdout, stderr } = await runCli(argv, engine, world);
    const line = argv.map((word) => (/^[\w./=:-]+$/.test(word) ? word : `'${word}'`)).join(' ');
    const text = `$ boxlite ${line}\n${stdout}--- stderr, status ${status}\n${stderr}`;
    await expect(text).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it('has no file that nothing is held against', () => {
    const files = readdirSync(new URL('golden', import.meta.url));
    expect(files.sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});
