import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longBytes } from '../helpers/bytes.js';
import {
  type ArchiveImage,
  pack,
  writeDockerArchive,
  writeOciLayout,
} from '../helpers/image-archive.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
let files: string;
let image: ArchiveImage;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'boxlite-images-'));
  const base = join(files, 'base');
  await mkdir(join(base, 'bin'), { recursive: true });
  await mkdir(join(base, 'etc'));
  await copyFile('/bin/busybox', join(base, 'bin', 'busybox'));
  await chmod(join(base, 'bin', 'busybox'), 0o755);
  for (const applet of ['sh', 'cat', 'echo', 'id', 'ls', 'pwd', 'env'])
    await symlink('busybox', join(base, 'bin', applet));
  await writeFile(
    join(base, 'etc', 'passwd'),
    'root:x:0:0::/root:/bin/sh\napp:x:77:88::/home:/bin/sh\n',
  );
  await writeFile(join(base, 'etc', 'group'), 'root:x:0:\nstaff:x:88:\nextra:x:99:app\n');
  await writeFile(join(base, 'etc', 'old'), 'lower\n');
  await writeFile(join(base, 'etc', 'changed'), 'lower\n');
  const top = join(files, 'top');
  await mkdir(join(top, 'etc'), { recursive: true });
  await writeFile(join(top, 'etc', '.wh.old'), '');
  await writeFile(join(top, 'etc', 'changed'), 'upper\n');
  image = {
    layers: [base, top],
    config: {
      Entrypoint: ['/bin/sh', '-c', 'echo "$0 $* $GREETING $(id -u):$(id -g) $PWD"'],
      Cmd: ['default'],
      Env: ['PATH=/bin', 'GREETING=hello'],
      User: 'app',
      WorkingDir: '/srv/dir',
    },
    reference: 'example.test/app:v1',
  };
});
afterAll(() => rm(files, { recursive: true }));

describe('load', () => {
  const kinds: [string, (directory: string) => Promise<void>][] = [
    ['an OCI layout with gzipped layers', (d) => writeOciLayout(d, image)],
    ['an OCI layout with plain layers', (d) => writeOciLayout(d, { ...image, gzip: false })],
    ['a docker save archive', (d) => writeDockerArchive(d, image)],
  ];
  it.each(kinds)('takes %s, from a file and from stdin', async (kind, write) => {
    const name = kind.replaceAll(' ', '-');
    await write(join(files, name));
    const archive = await pack(join(files, name), join(files, `${name}.tar`));
    const loaded = await home.ok(['load', '-i', archive]);
    expect(loaded).toBe('Loaded image: example.test/app:v1');
    expect(await home.ok(['load'], { input: await readFile(archive) })).toBe(loaded);
    const run = ['run', '--rm', 'example.test/app:v1'];
    expect(await home.ok(run)).toBe('default  hello 77:88 /srv/dir');
    expect(await home.ok([...run, 'a', 'b'])).toBe('a b hello 77:88 /srv/dir');
  });

  it('keeps whiteouts and overwritten files as the layers say', async () => {
    const run = ['run', '--rm', '--entrypoint', 'ls', 'example.test/app:v1', '/etc'];
    expect((await home.ok(run)).split('\n')).not.toContain('old');
    const cat = ['run', '--rm', '--entrypoint', 'cat', 'example.test/app:v1', '/etc/changed'];
    expect(await home.ok(cat)).toBe('upper');
  });

  it('gives the user the groups that the image lists', async () => {
    const run = ['run', '--rm', '--entrypoint', 'id', 'example.test/app:v1', '-G'];
    expect(await home.ok(run)).toBe('88 99');
  });

  it.each([
    ['plain', false],
    ['gzipped', true],
  ])(
    'refuses a %s layer whose bytes are not its digest, and stores no image',
    async (kind, gzip) => {
      const layout = join(files, `bad-layout-${kind}`);
      // A layer that is not in the store yet, since a stored one would not be read again.
      const fresh = join(files, `fresh-${kind}`);
      await mkdir(fresh);
      await writeFile(join(fresh, kind), longBytes(100_000));
      const reference = 'example.test/bad:v1';
      await writeOciLayout(layout, { ...image, layers: [fresh], reference, gzip });
      const manifest = await firstManifest(layout);
      const blob = join(layout, 'blobs', 'sha256', manifest.layers[0]?.digest.slice(7) ?? '');
      const bytes = await readFile(blob);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(blob, bytes);
      const archive = await pack(layout, join(files, `bad-${kind}.tar`));
      const { status, stdout, stderr } = await home.boxlite(['load', '-i', archive]);
      expect([status, stdout.toString()]).toEqual([1, '']);
      expect(stderr).toContain(manifest.layers[0]?.digest);
      expect(await home.ok(['images', '-q', 'example.test/bad'])).toBe('');
    },
  );
});

describe('import', () => {
  it('makes an image of a root file system, found by its short name', async () => {
    const tar = await pack(join(files, 'base'), join(files, 'rootfs.tar'));
    expect(await home.ok(['import', tar, 'mine:1'])).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await home.ok(['run', '--rm', 'mine:1', '/bin/cat', '/etc/old'])).toBe('lower');
    expect(await home.ok(['import', '-', 'mine:2'], { input: await readFile(tar) })).toMatch(
      /^sha256:/,
    );
  });

  it('takes the changes it is told', async () => {
    const changes = ['-c', 'CMD ["/bin/echo","changed"]', '-c', 'ENV A=1'];
    await home.ok(['import', ...changes, join(files, 'rootfs.tar'), 'mine:3']);
    expect(await home.ok(['run', '--rm', 'mine:3'])).toBe('changed');
    expect(await home.ok(['run', '--rm', 'mine:3', '/bin/env'])).toMatch(/^A=1$/m);
  });
});

describe('images', () => {
  it('lists what there is, the built-in one by its own name', async () => {
    const lines = (await home.ok(['images'])).split('\n');
    expect(lines[0]).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
    const named = (await home.ok(['images', '--format', '{{.Repository}}:{{.Tag}}'])).split('\n');
    expect(named).toContain('localhost/busybox:latest');
    expect(named).toContain('example.test/app:v1');
    expect(named).toContain('localhost/mine:1');
  });
});

interface Manifest {
  layers: { digest: string }[];
}

async function firstManifest(layout: string): Promise<Manifest> {
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as {
    manifests: { digest: string }[];
  };
  const name = index.manifests[0]?.digest.slice(7) ?? '';
  return JSON.parse(await readFile(join(layout, 'blobs', 'sha256', name), 'utf8')) as Manifest;
}
