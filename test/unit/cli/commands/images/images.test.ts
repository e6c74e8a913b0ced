import { describe, expect, it } from 'vitest';
import type { ImageDetails } from '../../../../../src/engine/images/images.js';
import { NOW, type Outcome, runCli } from '../../fake-world.js';

function image(fields: Partial<ImageDetails>): ImageDetails {
  return {
    reference: 'docker.io/library/alpine:3.20',
    repository: 'alpine',
    tag: '3.20',
    digest: `sha256:${'d1'.repeat(32)}`,
    manifestDigest: `sha256:${'d2'.repeat(32)}`,
    id: `sha256:${'a1'.repeat(32)}`,
    createdAt: new Date(NOW.getTime() - 3 * 7 * 86_400_000),
    sizeBytes: 7_049_000,
    platform: 'linux/amd64',
    layers: [`sha256:${'e1'.repeat(32)}`],
    references: ['docker.io/library/alpine:3.20'],
    repoDigests: [`docker.io/library/alpine@sha256:${'d1'.repeat(32)}`],
    lastTaggedAt: NOW,
    config: {
      architecture: 'amd64',
      os: 'linux',
      user: 'app',
      env: ['PATH=/bin'],
      entrypoint: null,
      cmd: ['sh'],
      workingDir: '/srv',
      exposedPorts: ['80/tcp'],
      volumes: [],
      labels: { maker: 'us' },
      diffIds: [],
      history: [],
    },
    ...fields,
  };
}

const IMAGES = [
  image({}),
  image({ reference: 'docker.io/library/alpine:latest', tag: 'latest' }),
  image({
    reference: 'localhost/busybox:latest',
    repository: 'localhost/busybox',
    tag: 'latest',
    digest: '',
    id: `sha256:${'b2'.repeat(32)}`,
    createdAt: new Date(NOW.getTime() - 60_000),
    config: { ...image({}).config, labels: {} },
  }),
  image({
    reference: undefined,
    repository: '<none>',
    tag: undefined,
    id: `sha256:${'c3'.repeat(32)}`,
    createdAt: new Date(NOW.getTime() - 3600_000),
  }),
];

const engine = {
  get: () => Promise.resolve(undefined),
  listImages: () => Promise.resolve(IMAGES),
  volumes: { get: () => Promise.resolve(undefined) },
  inspectImage: (name: string) =>
    Promise.resolve(IMAGES.find((each) => name === (each.reference ?? each.id))),
};
const images = (...flags: string[]): Promise<Outcome> => runCli(['images', ...flags], engine);

describe('images', () => {
  it('prints the header when there are none', async () => {
    const outcome = await runCli(['images'], { listImages: () => Promise.resolve([]) });
    expect(outcome.stdout).toBe('REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n');
  });

  it('prints them as Docker does', async () => {
    expect((await images()).stdout).toBe(
      [
        'REPOSITORY          TAG       IMAGE ID       CREATED              SIZE',
        'alpine              3.20      a1a1a1a1a1a1   3 weeks ago          7.05MB',
        'alpine              latest    a1a1a1a1a1a1   3 weeks ago          7.05MB',
        'localhost/busybox   latest    b2b2b2b2b2b2   About a minute ago   7.05MB',
        '<none>              <none>    c3c3c3c3c3c3   About an hour ago    7.05MB',
        '',
      ].join('\n'),
    );
  });

  it('-q goes before the plain table, not before a format of one’s own', async () => {
    const rows = (await images('-q', '--format', 'json')).stdout.trimEnd().split('\n');
    expect(rows.map((row) => (JSON.parse(row) as { Tag: string }).Tag).slice(0, 2)).toEqual([
      '3.20',
      'latest',
    ]);
    expect((await images('-q', '--format', 'raw')).stdout).toMatch(
      /^image_id: a1a1a1a1a1a1\nimage_id: b2/,
    );
  });

  it('writes Docker’s raw format', async () => {
    expect((await images('--format', 'raw')).stdout).toMatch(
      /^repository: alpine\ntag: 3\.20\nimage_id: a1a1a1a1a1a1\ncreated_at: \S+ \S+ \+0000 UTC\nvirtual_size: 7\.05MB\n\n/,
    );
    expect((await images('--digests', '--format', 'raw')).stdout).toContain('digest: sha256:d1d1');
    expect((await images('--digests', '--format', 'table {{.Tag}}')).stdout).toMatch(
      /^TAG +DIGEST\n/,
    );
  });

  it('prints each id once with -q', async () => {
    expect((await images('-q')).stdout).toBe('a1a1a1a1a1a1\nb2b2b2b2b2b2\nc3c3c3c3c3c3\n');
    expect((await images('-q', '--no-trunc')).stdout).toContain(`sha256:${'a1'.repeat(32)}\n`);
  });

  it('puts digests behind the tags', async () => {
    const [header, pulled, , given] = (await images('--digests')).stdout.split('\n');
    expect(header).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE$/);
    expect(pulled).toMatch(/^alpine +3.20 +sha256:(?:d1){32} +/);
    expect(given).toMatch(/^localhost\/busybox +latest +<none> +/);
  });

  it.each<[string, string[], string]>([
    ['a repository', ['alpine'], 'alpine:3.20 alpine:latest'],
    ['a repository with its tag', ['alpine:latest'], 'alpine:latest'],
    ['a canonical name', ['docker.io/library/alpine:latest'], 'alpine:latest'],
    ['a local image by its short name', ['busybox'], 'localhost/busybox:latest'],
    ['part of a repository, which matches nothing', ['alp'], ''],
    ['reference=', ['-f', 'reference=alp*'], 'alpine:3.20 alpine:latest'],
    [
      'reference= with a tag',
      ['-f', 'reference=*:latest'],
      'alpine:latest localhost/busybox:latest',
    ],
    ['dangling=true', ['-f', 'dangling=true'], '<none>:<none>'],
    [
      'dangling=false',
      ['-f', 'dangling=false', '-f', 'reference=alpine'],
      'alpine:3.20 alpine:latest',
    ],
    ['label=', ['-f', 'label=maker=us', '-f', 'dangling=false'], 'alpine:3.20 alpine:latest'],
    ['before=', ['-f', 'before=localhost/busybox', '-f', 'dangling=true'], '<none>:<none>'],
    ['until=', ['-f', 'until=30m', '-f', 'reference=*:latest'], 'alpine:latest'],
    ['until= a date', ['-f', 'until=2026-11-24', '-f', 'reference=*:latest'], 'alpine:latest'],
    ['since=', ['-f', 'since=alpine'], 'localhost/busybox:latest <none>:<none>'],
  ])('filters by %s', async (_fact, flags, expected) => {
    const { stdout, stderr } = await images('--format', '{{.Repository}}:{{.Tag}}', ...flags);
    expect([stdout.trim().replaceAll('\n', ' '), stderr]).toEqual([expected, '']);
  });

  it.each(['color=red', 'dangling=maybe', 'before=nothing', 'until=soon'])(
    'refuses --filter %s',
    async (filter) => {
      expect(await images('--filter', filter)).toMatchObject({ status: 1, stdout: '' });
    },
  );

  it('is image ls, too', async () => {
    expect((await runCli(['image', 'ls', '-q'], engine)).status).toBe(0);
  });
});

describe('image inspect', () => {
  it('prints Docker’s keys, a list even for one', async () => {
    const { stdout } = await runCli(['image', 'inspect', 'localhost/busybox:latest'], engine);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        Id: `sha256:${'b2'.repeat(32)}`,
        RepoTags: ['alpine:3.20'],
        RepoDigests: [`alpine@sha256:${'d1'.repeat(32)}`],
        Parent: '',
        Metadata: { LastTagTime: '2026-11-24T12:00:00Z' },
        Architecture: 'amd64',
        Os: 'linux',
        Size: 7_049_000,
        Config: { Cmd: ['sh'], ExposedPorts: { '80/tcp': {} }, Volumes: null, WorkingDir: '/srv' },
        RootFS: { Type: 'layers' },
      },
    ]);
  });

  it('prints what it finds when another name is missing, and ends with 1', async () => {
    const outcome = await runCli(['inspect', 'nothing', 'localhost/busybox:latest'], engine);
    expect([outcome.status, outcome.stderr]).toEqual([
      1,
      "boxlite: No such object: nothing\n'boxlite ps -a' shows all boxes, 'boxlite images' all images, 'boxlite volume ls' all volumes\n",
    ]);
    expect(JSON.parse(outcome.stdout)).toHaveLength(1);
  });

  it('prints an empty list when nothing is found', async () => {
    expect(await runCli(['image', 'inspect', 'nothing'], engine)).toEqual({
      status: 1,
      stdout: '[]\n',
      stderr:
        'boxlite: No such image: nothing\ncheck the name, or get the image with `boxlite pull`\n',
    });
  });

  it('renders a template for each', async () => {
    const argv = ['inspect', '-f', '{{.Os}} {{json .Config.Cmd}}', 'localhost/busybox:latest'];
    expect((await runCli(argv, engine)).stdout).toBe('linux ["sh"]\n');
  });
});
