import {
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awkwardBytes } from '../helpers/bytes.js';
import { pack, writeOciLayout } from '../helpers/image-archive.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
let files: string;
let archive: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'boxlite-image-verbs-'));
  const root = join(files, 'root');
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
  for (const applet of ['sh', 'cat', 'sha256sum'])
    await symlink('busybox', join(root, 'bin', applet));
  const top = join(files, 'top');
  await mkdir(top);
  await writeFile(join(top, 'bytes'), awkwardBytes());
  await writeOciLayout(join(files, 'layout'), {
    layers: [root, top],
    config: { Cmd: ['/bin/cat', '/bytes'], Env: ['PATH=/bin'] },
    reference: 'example.test/app:v1',
  });
  archive = await pack(join(files, 'layout'), join(files, 'app.tar'));
});
afterAll(() => rm(files, { recursive: true }));

const load = (): Promise<string> => home.ok(['load', '-q', '-i', archive]);

/** stdout of a run of the image's own command. */
async function bytesOf(image: string): Promise<Buffer> {
  const { status, stdout, stderr } = await home.boxlite(['run', '--rm', image]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

describe('save', () => {
  it('gives an archive that loads and runs once the image is gone, through a pipe and a file', async () => {
    await load();
    const piped = await home.boxlite(['save', 'example.test/app:v1']);
    expect([piped.status, piped.stderr]).toEqual([0, '']);
    const file = join(files, 'saved.tar');
    expect(await home.ok(['save', '-o', file, 'example.test/app:v1'])).toBe('');
    expect(piped.stdout.equals(await readFile(file))).toBe(true);
    await home.ok(['rmi', 'example.test/app:v1']);
    expect(await home.ok(['load'], { input: piped.stdout })).toBe(
      'Loaded image: example.test/app:v1',
    );
    expect(awkwardBytes().equals(await bytesOf('example.test/app:v1'))).toBe(true);
  });
});

describe('tag and rmi', () => {
  it('give an image a short name that runs, and take it away again', async () => {
    await load();
    expect(await home.ok(['tag', 'example.test/app:v1', 'mine'])).toBe('');
    expect(awkwardBytes().equals(await bytesOf('mine'))).toBe(true);
    expect(await home.ok(['rmi', 'mine'])).toBe('Untagged: localhost/mine:latest');
    const gone = await home.boxlite(['rmi', 'mine']);
    expect([gone.status, gone.stdout.toString()]).toEqual([1, '']);
    expect(gone.stderr).toContain('No such image: mine');
  });

  it('refuse an image that a box uses; by force the box still runs', async () => {
    await load();
    await home.ok(['create', '--name', 'user', 'example.test/app:v1']);
    const refused = await home.boxlite(['image', 'rm', 'example.test/app:v1']);
    expect([refused.status, refused.stdout.toString()]).toEqual([1, '']);
    expect(refused.stderr).toContain('box user');
    expect(await home.ok(['rmi', '-f', 'example.test/app:v1'])).toMatch(
      /^Untagged: example\.test\/app:v1\nDeleted: sha256:[0-9a-f]{64}$/,
    );
    await home.ok(['image', 'prune', '-af', '--filter', 'label=nothing']);
    const started = await home.boxlite(['start', '-a', 'user']);
    expect([started.status, started.stdout.equals(awkwardBytes())]).toEqual([0, true]);
    const layers = (): Promise<string[]> => readdir(join(home.path, 'images', 'layers'));
    const before = await layers();
    await home.ok(['rm', 'user']);
    expect((await layers()).length).toBe(before.length - 2);
  });
});

describe('history, inspect and df', () => {
  it('tell of an image what its archive had', async () => {
    await load();
    const format = '{{.CreatedBy}} {{.Size}}';
    expect(await home.ok(['history', '--format', format, 'example.test/app:v1'])).toMatch(
      /^layer 1 \d+B\nlayer 0 [\d.]+[kM]B$/,
    );
    const inspect = ['image', 'inspect', '-f', '{{json .RepoTags}} {{.Config.Cmd}}'];
    expect(await home.ok([...inspect, 'example.test/app:v1'])).toBe(
      '["example.test/app:v1"] [/bin/cat /bytes]',
    );
    const rows = (await home.ok(['system', 'df'])).split('\n');
    expect(rows[0]).toMatch(/^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE$/);
    expect(rows[1]).toMatch(/^Images +2 +0 +[\d.]+MB +[\d.]+MB \(100%\)$/);
    expect(await home.ok(['system', 'df', '-v'])).toContain('example.test/app');
  });
});

describe('a stored file with a flipped byte', () => {
  it('is not booted, is named, and is put right by loading the image again', async () => {
    await load();
    expect(awkwardBytes().equals(await bytesOf('example.test/app:v1'))).toBe(true);
    const inspect = ['image', 'inspect', '-f', '{{index .RootFS.Layers 1}}', 'example.test/app:v1'];
    const diffId = await home.ok(inspect);
    const data = join(home.path, 'images', 'layers', diffId.slice('sha256:'.length), 'data');
    await using file = await open(data, 'r+');
    await file.write(Buffer.from([0xff]), 0, 1, 7);
    const run = await home.boxlite(['run', '--rm', 'example.test/app:v1']);
    expect([run.status, run.stdout.toString()]).toEqual([125, '']);
    expect(run.stderr).toContain(`${data} is damaged: it was changed after it was stored`);
    await load();
    expect(awkwardBytes().equals(await bytesOf('example.test/app:v1'))).toBe(true);
  });
});

describe('image prune', () => {
  it('asks before it deletes, and leaves nothing of what it deletes', async () => {
    await load();
    await bytesOf('example.test/app:v1');
    expect(await templatesOfImages()).not.toEqual([]);
    const no = await home.boxlite(['image', 'prune', '-a'], { input: Buffer.from('n\n') });
    expect(no.stdout.toString()).toMatch(/\[y\/N\] Total reclaimed space: 0B\n$/);
    expect(await home.ok(['images', '-q'])).not.toBe('');
    const yes = await home.boxlite(['image', 'prune', '-a'], { input: Buffer.from('y\n') });
    expect(yes.stdout.toString()).toMatch(
      /Deleted Images:\nuntagged: [\s\S]*deleted: sha256:[\s\S]*\n\nTotal reclaimed space: [\d.]+MB\n$/,
    );
    expect(await home.ok(['images', '-q'])).toBe('');
    for (const directory of ['blobs/sha256', 'layers', 'disks', 'partial'])
      expect(await readdir(join(home.path, 'images', directory))).toEqual([]);
    expect(await templatesOfImages()).toEqual([]);
  });
});

/** Manifest digests of the images that the templates have mounted. */
async function templatesOfImages(): Promise<string[]> {
  const templates = join(home.path, 'templates');
  const abouts = await Promise.all(
    (await readdir(templates)).map((key) =>
      readFile(join(templates, key, 'template.json'), 'utf8'),
    ),
  );
  return abouts.flatMap((about) => (JSON.parse(about) as { image?: string }).image ?? []);
}
