import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Interrupted } from '../../../../src/cli/process/interrupted.js';
import type {
  ImportOptions,
  PullEvent,
  PullOptions,
} from '../../../../src/engine/images/images.js';
import { BoxliteError } from '../../../../src/errors.js';
import { Screen } from '../../../helpers/screen.js';
import { FakeTerminal, type FakeWorld, fakeWorld, runCli } from '../fake-world.js';

const directory = mkdtempSync(join(tmpdir(), 'boxlite-images-'));
afterAll(() => rmSync(directory, { recursive: true }));

const LAYERS = ['1a', '2b'].map((byte) => `sha256:${byte.repeat(32)}`);
const DIGEST = `sha256:${'dd'.repeat(32)}`;

describe('commit', () => {
  it.each<[string[], boolean]>([
    [[], true],
    [['--pause'], true],
    [['--pause=false'], false],
    [['-p=false'], false],
    [['--no-pause'], false],
    [['--no-pause=false'], true],
  ])('%j holds the box meanwhile: %j', async (flags, pause) => {
    const asked: unknown[] = [];
    const engine = {
      commit: (name: string, options: object) => {
        asked.push([name, options]);
        return Promise.resolve('sha256:1');
      },
    };
    expect((await runCli(['commit', ...flags, 'web', 'web:1'], engine)).status).toBe(0);
    expect(asked).toEqual([['web', expect.objectContaining({ pause, reference: 'web:1' })]]);
  });

  it.each([
    [['--pause', '--no-pause']],
    [['--no-pause', '-p']],
    [['--pause=false', '--no-pause=false']],
  ])('refuses %j before it looks at the box', async (flags) => {
    expect(await runCli(['commit', ...flags, 'web'], {})).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'boxlite: conflicting options: --no-pause and --pause cannot be used together\n' +
        "See 'boxlite commit --help'.\n",
    });
  });
});

describe('pull', () => {
  const engine = (upToDate: boolean): object => ({
    pullImage: (_reference: string, { onProgress = () => undefined, platform }: PullOptions) => {
      const reference = 'docker.io/library/alpine:latest';
      const [first = '', second = ''] = LAYERS;
      const events: PullEvent[] = [
        { type: 'trying', reference },
        { type: 'resolved', reference, digest: DIGEST, layers: LAYERS },
        { type: 'layer', digest: first, status: 'exists' },
        { type: 'layer', digest: second, status: 'queued' },
        { type: 'layer', digest: second, status: 'downloading', bytes: 10, total: 100 },
        { type: 'layer', digest: second, status: 'downloading', bytes: 100, total: 100 },
        { type: 'layer', digest: second, status: 'unpacking' },
        { type: 'layer', digest: second, status: 'done' },
      ];
      events.forEach(onProgress);
      const id = platform ?? DIGEST;
      return Promise.resolve({ reference, digest: DIGEST, imageId: id, upToDate });
    },
  });

  it('prints Docker’s lines, and the full reference last', async () => {
    expect(await runCli(['pull', 'alpine'], engine(false))).toEqual({
      status: 0,
      stdout: [
        'Using default tag: latest',
        'latest: Pulling from library/alpine',
        '1a1a1a1a1a1a: Already exists',
        '2b2b2b2b2b2b: Pulling fs layer',
        '2b2b2b2b2b2b: Download complete',
        '2b2b2b2b2b2b: Pull complete',
        `Digest: ${DIGEST}`,
        'Status: Downloaded newer image for alpine:latest',
        'docker.io/library/alpine:latest',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('says that an image is up to date, and nothing of a tag that was given', async () => {
    const { stdout } = await runCli(['image', 'pull', 'alpine:latest'], engine(true));
    expect(stdout).toContain('Status: Image is up to date for alpine:latest\n');
    expect(stdout).not.toContain('Using default tag');
  });

  it.each([
    ['a terminal', {}, true],
    ['a dumb terminal', { TERM: 'dumb' }, false],
    ['a terminal without colours', { NO_COLOR: '1' }, false],
  ])('changes its lines in place on %s: %o, %s', async (_, environment, inPlace) => {
    const world = fakeWorld(environment);
    Object.assign(world.stdout, { isTTY: true, columns: 40, rows: 10 });
    const { stdout } = await runCli(['pull', 'alpine'], engine(false), world);
    expect(stdout.includes('\x1b[')).toBe(inPlace);
    expect(new Screen(40).write(stdout).lines).toEqual([
      'Using default tag: latest',
      'latest: Pulling from library/alpine',
      '1a1a1a1a1a1a: Already exists',
      ...(inPlace ? [] : ['2b2b2b2b2b2b: Pulling fs layer', '2b2b2b2b2b2b: Download complete']),
      '2b2b2b2b2b2b: Pull complete',
      `Digest: ${DIGEST.slice(0, 32)}`,
      DIGEST.slice(32),
      'Status: Downloaded newer image for alpin',
      'e:latest',
      'docker.io/library/alpine:latest',
    ]);
  });

  it.each<[NodeJS.Signals, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('lets go of everything at %s and says nothing more', async (name, status) => {
    const world = fakeWorld();
    let reason: unknown;
    const pullImage = async (_reference: string, { signal }: PullOptions): Promise<never> => {
      world.signals.emit(name, name);
      reason = signal?.reason;
      return Promise.reject(new BoxliteError('cancelled', 'pull was cancelled'));
    };
    const outcome = await runCli(['pull', '-q', 'alpine'], { pullImage }, world);
    expect(outcome).toEqual({ status, stdout: '', stderr: '' });
    expect(reason).toBeInstanceOf(Interrupted);
    // A second signal finds nobody who would hold it back.
    expect(world.signals.eventNames()).toEqual([]);
  });

  it('begins no other tag when a signal comes too late to stop the one that is on', async () => {
    const world = fakeWorld();
    const pulled: string[] = [];
    const several = {
      listRemoteTags: () => Promise.resolve(['r/a:1', 'r/a:2']),
      pullImage: (reference: string) => {
        pulled.push(reference);
        world.signals.emit('SIGINT', 'SIGINT');
        return Promise.resolve({ reference, digest: DIGEST, imageId: DIGEST, upToDate: false });
      },
    };
    const { status } = await runCli(['pull', '-qa', 'r/a'], several, world);
    expect([status, pulled]).toEqual([130, ['r/a:1']]);
  });

  it('prints the reference alone with -q', async () => {
    expect((await runCli(['pull', '-q', 'alpine'], engine(false))).stdout).toBe(
      'docker.io/library/alpine:latest\n',
    );
  });
});

describe('load', () => {
  const loaded = [
    {
      references: ['docker.io/library/a:1', 'localhost/a:2'],
      id: 'sha256:aa',
      displaced: [{ reference: 'localhost/a:2', id: 'sha256:99' }],
    },
    { references: [], id: 'sha256:bb', displaced: [] },
  ];
  const sources: unknown[] = [];
  const engine = {
    loadImages: async (source: string | AsyncIterable<Uint8Array>) => {
      if (typeof source === 'string') sources.push(source);
      else for await (const chunk of source) sources.push(Buffer.from(chunk).toString());
      return loaded;
    },
  };
  const LINES = [
    'The image localhost/a:2 already exists, renaming the old one with ID sha256:99 to empty string',
    'Loaded image: a:1',
    'Loaded image: localhost/a:2',
    'Loaded image ID: sha256:bb',
    '',
  ].join('\n');

  it('reads a file, or stdin', async () => {
    expect((await runCli(['load', '-i', '/a.tar'], engine)).stdout).toBe(LINES);
    const world = fakeWorld();
    world.stdin.end('archive');
    expect((await runCli(['load'], engine, world)).stdout).toBe(LINES);
    expect(sources).toEqual(['/a.tar', 'archive']);
  });

  it('does not wait for an archive that somebody would have to type', async () => {
    const world = { ...fakeWorld(), stdin: new FakeTerminal() as unknown as FakeWorld['stdin'] };
    expect(await runCli(['load'], engine, world)).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('import', () => {
  const calls: { bytes: string; options: ImportOptions }[] = [];
  const engine = {
    importImage: async (source: AsyncIterable<Uint8Array>, options: ImportOptions) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of source) chunks.push(chunk);
      calls.push({ bytes: Buffer.concat(chunks).toString(), options });
      return 'sha256:cc';
    },
  };

  it('reads a file or stdin, and prints the id', async () => {
    const file = join(directory, 'rootfs.tar');
    writeFileSync(file, 'tar');
    const argv = ['import', '-c', 'CMD ["sh"]', '-c', 'ENV A=1', '-m', 'why', file, 'mine:1'];
    expect(await runCli(argv, engine)).toEqual({ status: 0, stdout: 'sha256:cc\n', stderr: '' });
    const world = fakeWorld();
    world.stdin.end('typed');
    await runCli(['import', '-'], engine, world);
    expect(calls).toEqual([
      {
        bytes: 'tar',
        options: { reference: 'mine:1', changes: ['CMD ["sh"]', 'ENV A=1'], message: 'why' },
      },
      { bytes: 'typed', options: { changes: [] } },
    ]);
  });

  it('does not fetch a URL, and says who can', async () => {
    const outcome = await runCli(['import', 'http://example.test/root.tar'], engine);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toContain('curl -fL http://example.test/root.tar | boxlite import -');
  });

  it('does not wait for an archive that somebody would have to type', async () => {
    const world = { ...fakeWorld(), stdin: new FakeTerminal() as unknown as FakeWorld['stdin'] };
    expect(await runCli(['import', '-'], engine, world)).toMatchObject({ status: 1, stdout: '' });
  });

  it('names a file that is missing', async () => {
    const outcome = await runCli(['import', '/no/such.tar'], engine);
    expect([outcome.status, outcome.stdout]).toEqual([1, '']);
    expect(outcome.stderr).toMatch(/^boxlite: .*\/no\/such\.tar/);
  });
});
