import type { BoxProcess } from '../../../src/engine/report/processes.js';
import type { BoxInfo } from '../../../src/engine/state/box-info.js';
import { noSuchVolume } from '../../../src/engine/volumes/find.js';
import { BoxliteError } from '../../../src/errors.js';
import { boxInfo, NOW, volumeInfo } from './fake-world.js';

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

const VOLUMES = [
  volumeInfo({
    name: 'e3'.repeat(32),
    anonymous: true,
    labels: { 'com.docker.volume.anonymous': '' },
    boxes: [idOf(0)],
  }),
  volumeInfo({ name: 'data', labels: { team: 'a', app: 'shop' }, options: { type: 'shared' } }),
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
  volumes: VOLUMES.map((volume, index) => ({ volume, bytes: 2_500_000 * (index + 1) })),
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

/** A runtime whose answers never change, for what is compared byte for byte. */
export const goldenEngine = {
  networks: {
    list: () => Promise.resolve(NETWORKS),
    prune: () => Promise.resolve(['old-net']),
  },
  volumes: {
    list: () => Promise.resolve(VOLUMES),
    get: (name: string) => Promise.resolve(VOLUMES.find((volume) => volume.name === name)),
    create: ({ name = 'e3'.repeat(32) }) => Promise.resolve(volumeInfo({ name })),
    remove: (name: string) =>
      Promise.reject(
        name === 'data'
          ? new BoxliteError('volume-in-use', `remove data: volume is in use - [${idOf(0)}]`, {
              hint: 'remove that box first',
            })
          : noSuchVolume(name),
      ),
    prune: () => Promise.resolve({ removed: ['e4'.repeat(32), 'old'], freedBytes: 2_500_000 }),
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
