import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BoxInfo } from '../../../../../src/engine/state/box-info.js';
import { BoxliteError } from '../../../../../src/errors.js';
import { boxInfo, fakeWorld, NOW, type Outcome, runCli } from '../../fake-world.js';

const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);

const BOXES: BoxInfo[] = [
  boxInfo({ id: '01kaz3v5h8000000000000000d', name: 'web', labels: { app: 'a', tier: 'front' } }),
  boxInfo({
    id: '01kaz3v5h8000000000000000c',
    name: 'job',
    status: 'stopped',
    image: 'docker.io/library/busybox:1',
    command: ['sh', '-c', 'echo "a long command"'],
    createdAt: ago(16 * 86_400),
    startedAt: ago(15 * 86_400),
    finishedAt: ago(14 * 86_400),
    exitCode: 137,
    labels: { app: 'b' },
  }),
  boxInfo({
    id: '01kaz3v5h8000000000000000b',
    name: 'new',
    network: 'none',
    volumes: [{ hostPath: '/srv/data', guestPath: '/data', readOnly: true }],
    status: 'configured',
    createdAt: ago(30 * 86_400),
    startedAt: undefined,
    labels: { app: 'a' },
  }),
  boxInfo({
    id: '01kaz3v5h8000000000000000a',
    name: 'odd',
    status: 'unknown',
    createdAt: ago(40 * 86_400),
  }),
];

const ps = (...flags: string[]): Promise<Outcome> => runCli(['ps', ...flags], engine(BOXES));
const names = async (...flags: string[]): Promise<string> =>
  (await ps('--format', '{{.Names}}', ...flags)).stdout.trim().replaceAll('\n', ' ');

function engine(boxes: BoxInfo[]): object {
  return {
    listInfo: () => Promise.resolve(boxes),
    inspectImage: (name: string) =>
      name === 'Not:a/name'
        ? Promise.reject(new BoxliteError('invalid-argument', 'invalid image reference'))
        : Promise.resolve(name === 'other-name' ? { id: boxes[0]?.imageId } : undefined),
  };
}

describe('ps', () => {
  it('prints the header when there are no boxes', async () => {
    expect(await runCli(['ps'], engine([]))).toEqual({
      status: 0,
      stdout: 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n',
      stderr: '',
    });
  });

  it('prints all boxes as Docker does', async () => {
    expect((await ps('-a')).stdout).toBe(
      [
        'CONTAINER ID   IMAGE       COMMAND                   CREATED         STATUS                     PORTS     NAMES',
        '01kaz3v5h800   alpine      "sleep 600"               3 minutes ago   Up 2 minutes                         web',
        '01kaz3v5h800   busybox:1   "sh -c echo \\"a long …"   2 weeks ago     Exited (137) 2 weeks ago             job',
        '01kaz3v5h800   alpine      "sleep 600"               4 weeks ago     Created                              new',
        '01kaz3v5h800   alpine      "sleep 600"               5 weeks ago     Unknown                              odd',
        '',
      ].join('\n'),
    );
  });

  it.each(['list', 'ls'])('is %s, too', async (alias) => {
    expect((await runCli([alias, '-q'], engine(BOXES))).stdout).toBe('01kaz3v5h800\n');
  });

  it('prints whole ids and commands with --no-trunc', async () => {
    const { stdout } = await ps(
      '-a',
      '--no-trunc',
      '--format',
      '{{.ID}} {{.Command}}',
      '-f',
      'name=job',
    );
    expect(stdout).toBe('01kaz3v5h8000000000000000c "sh -c echo \\"a long command\\""\n');
  });

  it('cuts nothing to the width of a terminal with --no-trunc', async () => {
    const world = fakeWorld();
    world.stdout.isTTY = true;
    world.stdout.columns = 40;
    const { stdout } = await runCli(['ps', '-a', '--no-trunc'], engine(BOXES), world);
    expect(stdout).toContain('01kaz3v5h8000000000000000d   alpine ');
    expect(stdout).not.toContain('…');
  });

  it('lets no label act on a terminal, in JSON or by a template', async () => {
    const label = '\x1b[31m\x9b2J\u202e\u{e0041}';
    const hostile = engine([boxInfo({ labels: { l: label } })]);
    const world = fakeWorld();
    world.stdout.isTTY = true;
    const shown = await runCli(['ps', '--format', '{{.Label "l"}}'], hostile, world);
    expect(shown.stdout).toBe('\uFFFD[31m\uFFFD2J\uFFFD\uFFFD\n');
    const { stdout } = await runCli(['ps', '--format', 'json'], hostile);
    expect(stdout).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ Labels: `l=${label}` });
    const piped = await runCli(['ps', '--format', '{{.Label "l"}}'], hostile);
    expect(piped.stdout).toBe(`${label}\n`);
  });

  it('shows what a box that runs listens at, and finds boxes by it', async () => {
    const exposedPorts = [
      ...['9000/udp', '80/tcp', '8001/tcp', '8000/tcp', '9001/udp', '53/udp', '53/tcp'],
    ];
    const tcp = { protocol: 'tcp' as const, hostAddress: '127.0.0.1', hostPort: 8080, boxPort: 80 };
    const listening = engine([
      boxInfo({ name: 'web', exposedPorts }),
      boxInfo({ name: 'other', exposedPorts: ['80/tcp'], ports: [tcp] }),
    ]);
    const show = async (...flags: string[]) => (await runCli(['ps', ...flags], listening)).stdout;
    expect(await show('--format', '{{.Ports}}')).toBe(
      '53/tcp, 80/tcp, 53/udp, 8000-8001/tcp, 9000-9001/udp\n127.0.0.1:8080->80/tcp\n',
    );
    const found = (filter: string) => show('--filter', filter, '--format', '{{.Names}}');
    expect(await found('expose=80')).toBe('web\nother\n');
    expect(await found('expose=7999-8000/tcp')).toBe('web\n');
    expect(await found('expose=80/udp')).toBe('');
    expect(await found('publish=80')).toBe('');
    expect(await found('publish=8000-8080/tcp')).toBe('other\n');
    expect(await found('publish=8080/udp')).toBe('');
    for (const key of ['expose', 'publish'])
      expect(await runCli(['ps', '--filter', `${key}=http`], listening)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(`invalid filter '${key}=http'`) as string,
      });
  });

  it('has Docker’s other fields', async () => {
    const boxes = engine([
      boxInfo({ health: 'healthy', platform: 'linux/arm64/v8' }),
      boxInfo({ health: 'none' }),
    ]);
    const format = '{{.HealthStatus}}|{{.Platform}}|{{json .Platform}}';
    expect((await runCli(['ps', '--format', format], boxes)).stdout).toBe(
      'healthy|linux/arm64/v8|{"architecture":"arm64","os":"linux","variant":"v8"}\n|<nil>|null\n',
    );
  });

  it('writes Docker’s raw format', async () => {
    const [first = ''] = (await ps('--format', 'raw', '-n', '1')).stdout.split('\n\n');
    expect(first.split('\n')).toEqual([
      'container_id: 01kaz3v5h800',
      'image: alpine',
      'command: "sleep 600"',
      'created_at: 2026-11-24 11:57:00 +0000 UTC',
      'state: running',
      'status: Up 2 minutes',
      'names: web',
      'labels: app=a,tier=front',
      'ports:',
    ]);
    const quiet = await ps('-q', '-n', '1', '--format', 'raw');
    expect(quiet.stdout).toBe('container_id: 01kaz3v5h800\n');
  });

  it('leaves an image’s digest out unless all is to be seen', async () => {
    const image = `docker.io/library/alpine:3@sha256:${'ab'.repeat(32)}`;
    const show = async (...flags: string[]) =>
      (await runCli(['ps', '--format', '{{.Image}}', ...flags], engine([boxInfo({ image })])))
        .stdout;
    expect(await show()).toBe('alpine:3\n');
    expect(await show('--no-trunc')).toBe(`${image}\n`);
  });

  it('counts columns, not characters', async () => {
    const boxes = engine([
      boxInfo({ name: 'wide', command: ['echo', '日本語日本語日本語'] }),
      boxInfo({ name: 'combining', image: 'e\u0301', command: ['x'] }),
    ]);
    const { stdout } = await runCli(
      ['ps', '--format', 'table {{.Image}}\t{{.Command}}\t{{.Names}}'],
      boxes,
    );
    expect(stdout.split('\n').slice(1, 3)).toEqual([
      'alpine    "echo 日本語日本語日…"   wide',
      'e\u0301         "x"                      combining',
    ]);
  });

  it('prints one JSON object a line', async () => {
    const { stdout } = await ps('-a', '--format', 'json');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toEqual({
      Command: '"sleep 600"',
      CreatedAt: '2026-11-24 11:57:00 +0000 UTC',
      HealthStatus: '',
      ID: '01kaz3v5h800',
      Image: 'alpine',
      Labels: 'app=a,tier=front',
      LocalVolumes: '0',
      Mounts: '',
      Names: 'web',
      Networks: '',
      Platform: null,
      Ports: '',
      RunningFor: '3 minutes ago',
      Size: '0B',
      State: 'running',
      Status: 'Up 2 minutes',
    });
  });

  it('prints a table of a template’s fields under their headers', async () => {
    expect((await ps('--format', 'table {{.Names}}\\t{{.RunningFor}}')).stdout).toBe(
      'NAMES     CREATED\nweb       3 minutes ago\n',
    );
  });

  it('prints a table without a space behind the word, too', async () => {
    expect((await ps('--format', 'table{{.Names}}  ')).stdout).toBe('NAMES\nweb\n');
  });

  it('prints the plain table for an empty format', async () => {
    expect(await ps('--format', '')).toEqual(await ps());
    expect(await ps('--format={{.ID}}', '--format=')).toEqual(await ps());
  });

  it('prints ids alone with -q, whatever the format', async () => {
    expect(await ps('-q', '--format', '{{.Names}}')).toEqual({
      status: 0,
      stdout: '01kaz3v5h800\n',
      stderr: 'WARNING: Ignoring custom format, because both --format and --quiet are set.\n',
    });
  });

  it('sorts labels, and cuts long sources of mounts unless told not to', async () => {
    const volumes = [
      { hostPath: '/srv/a-long-directory', guestPath: '/a', readOnly: false },
      { hostPath: '/srv/123456789a', guestPath: '/b', readOnly: false },
    ];
    const boxes = [boxInfo({ labels: { z: '1', a: '2' }, volumes })];
    const format = ['--format', '{{.Labels}} {{.Mounts}}'];
    expect((await runCli(['ps', ...format], engine(boxes))).stdout).toBe(
      'a=2,z=1 /srv/a-long-di…,/srv/123456789a\n',
    );
    expect((await runCli(['ps', '--no-trunc', ...format], engine(boxes))).stdout).toBe(
      'a=2,z=1 /srv/a-long-directory,/srv/123456789a\n',
    );
  });

  it('prints a label by its key, under Docker’s header', async () => {
    const format = 'table {{.Label "tier"}}\\t{{.Label "com.example.my-app"}}|{{.Labels}}';
    expect((await ps('--format', format)).stdout).toBe(
      'tier      my app|LABELS\nfront     |app=a,tier=front\n',
    );
  });

  it('looks at what a box takes of the disk only when that is asked for', async () => {
    const size = { writableBytes: 1_234_567, rootBytes: 8_900_000 };
    const sized = {
      ...engine(BOXES),
      get: () => Promise.resolve({ size: () => Promise.resolve(size) }),
    };
    const text = '1.23MB (virtual 8.9MB)';
    expect((await runCli(['ps', '-s'], sized)).stdout).toMatch(/NAMES +SIZE\n.* web +1\.23MB \(/);
    expect((await runCli(['ps', '--format', '{{.Size}}'], sized)).stdout).toBe(`${text}\n`);
  });

  it('takes the format of the configuration, unless a flag says another', async () => {
    const home = mkdtempSync(join(tmpdir(), 'boxlite-ps-'));
    writeFileSync(join(home, 'config.json'), '{"psFormat":"{{.State}}"}');
    const run = (...flags: string[]): Promise<Outcome> =>
      runCli(['--home', home, 'ps', ...flags], engine(BOXES));
    expect((await run()).stdout).toBe('running\n');
    expect((await run('--format', '{{.Names}}')).stdout).toBe('web\n');
    rmSync(home, { recursive: true });
  });

  it('ends with 64 for a malformed template, and 1 for a field it lacks', async () => {
    expect(await ps('--format', '{{.Names')).toMatchObject({ status: 64, stdout: '' });
    expect((await ps('--format', '{{.Bogus}}')).status).toBe(64);
  });

  it.each<[string, string[], string]>([
    ['running boxes alone', [], 'web'],
    ['all with -a', ['-a'], 'web job new odd'],
    ['the last N in any state', ['-n', '2'], 'web job'],
    ['the latest', ['-l'], 'web'],
    ['a part of an id', ['-a', '-f', 'id=01KAZ3V5H8000000000000000C'], 'job'],
    ['a part of a name', ['-a', '-f', 'name=o'], 'job odd'],
    ['a pattern of names', ['-a', '-f', 'name=^o'], 'odd'],
    ['a name with Docker’s slash', ['-a', '-f', 'name=^/web$'], 'web'],
    ['a name without it', ['-a', '-f', 'name=^web$'], 'web'],
    ['nothing by an empty filter', ['-a', '-f', '', '--filter='], 'web job new odd'],
    ['the same key twice = either', ['-a', '-f', 'name=web', '-f', 'name=job'], 'web job'],
    ['different keys = both', ['-a', '-f', 'name=o', '-f', 'exited=137'], 'job'],
    ['a label', ['-a', '-f', 'label=app'], 'web job new'],
    ['a label’s value', ['-a', '-f', 'label=app=a'], 'web new'],
    ['two labels = both', ['-a', '-f', 'label=app=a', '-f', 'label=tier'], 'web'],
    ['an exit code', ['-a', '-f', 'exited=137'], 'job'],
    ['an exit code without -a', ['-f', 'exited=137'], ''],
    ['a status, without -a', ['-f', 'status=exited'], 'job'],
    ['created boxes', ['-f', 'status=created'], 'new'],
    ['an ancestor by short name', ['-a', '-f', 'ancestor=busybox:1'], 'job'],
    ['an ancestor without its tag', ['-a', '-f', 'ancestor=alpine:latest'], 'web new odd'],
    ['an ancestor by id', ['-a', '-f', `ancestor=${'ab'.repeat(6)}`], 'web job new odd'],
    ['an ancestor by another name of it', ['-a', '-f', 'ancestor=other-name'], 'web job new odd'],
    ['nobody’s ancestor', ['-a', '-f', 'ancestor=Not:a/name'], ''],
    ['boxes before another', ['-a', '-f', 'before=job'], 'new odd'],
    ['boxes since another', ['-a', '-f', 'since=job'], 'web'],
    ['boxes since another with a slash', ['-a', '-f', 'since=/job'], 'web'],
    ['a network', ['-a', '-f', 'network=none'], 'new'],
    ['the id of a network', ['-a', '-f', 'network=f0cda4c4f139'], 'new'],
    ['a volume by what it is of the host', ['-a', '-f', 'volume=/srv/data'], 'new'],
    ['a volume by where it is in the box', ['-a', '-f', 'volume=/data'], 'new'],
    ['a volume that none has', ['-a', '-f', 'volume=/srv'], ''],
    ['boxes without a health check', ['-a', '-f', 'health=none'], 'web job new odd'],
  ])('filters: %s', async (_fact, flags, expected) => {
    expect(await names(...flags)).toBe(expected);
  });

  it.each<[string[], string]>([
    [['-f', 'color=red'], "invalid filter 'color'"],
    [
      ['-f', 'name'],
      'invalid argument "name" for "-f, --filter" flag: bad format of filter (expected name=value)',
    ],
    [['-f', '__proto__=x'], "invalid filter '__proto__'"],
    [['-f', 'status=asleep'], "invalid filter 'status=asleep'"],
    [['-f', 'exited=x'], "invalid filter 'exited=x'"],
    [['-f', 'name=('], "invalid filter 'name=('"],
    [['-f', 'before=nobody'], 'No such box: nobody'],
    [['-n', 'x'], 'invalid argument "x" for "-n, --last" flag'],
  ])('%j is refused', async (flags, reason) => {
    const outcome = await ps(...flags);
    expect([outcome.status, outcome.stdout]).toEqual([1, '']);
    expect(outcome.stderr).toContain(reason);
  });

  it('shows escape sequences in a command as text', async () => {
    const boxes = [boxInfo({ command: ['printf', '\x1b[31m\n\x9b'] })];
    const { stdout } = await runCli(
      ['ps', '--no-trunc', '--format', '{{.Command}}'],
      engine(boxes),
    );
    expect(stdout).toBe('"printf \\x1b[31m\\n\\u009b"\n');
  });
});
