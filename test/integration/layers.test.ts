import { createReadStream } from 'node:fs';
import {
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home } from '../../src/host/home.js';
import { layerDataPath, storeLayer } from '../../src/image/store/layer-store.js';
import { loadArchive } from '../../src/image/transfer/load.js';
import { debianLayout } from '../helpers/debian-image.js';
import {
  joinDisk,
  mounted,
  run,
  storeLayers,
  unpackImage,
  unpackLayers,
} from '../helpers/host-disk.js';
import { LAYER_CASES } from '../helpers/layer-cases.js';
import { buildTreeLister, differences, listTree } from '../helpers/list-tree.js';
import { tar } from '../helpers/tar-builder.js';

// Only root may mount, and make what the layers hold: devices, owners, capabilities.
const isRoot = process.getuid?.() === 0;
const DEBIAN_TIMEOUT_MS = 900_000;

let directory: string;
let home: Home;
let lister: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-layers-'));
  home = new Home(join(directory, 'home'));
  lister = await buildTreeLister(directory);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const list = (root: string): Promise<string[]> => listTree(lister, root);

describe.each(Object.entries(LAYER_CASES))('a disk of %s', (_, layers) => {
  it('is clean to fsck.erofs', async () => {
    await run('fsck.erofs', await joinDisk(home, directory, await storeLayers(home, layers)));
  });

  it.runIf(isRoot)('shows the kernel what umoci unpacks', async () => {
    const disk = await joinDisk(home, directory, await storeLayers(home, layers));
    const unpacked = await unpackLayers(directory, layers);
    expect(differences(await mounted(disk, list), await list(unpacked))).toEqual([]);
  });
});

it.runIf(isRoot)(
  'shows the kernel a whole Debian with Python as umoci unpacks it, clean to fsck.erofs',
  async () => {
    const layout = await debianLayout('python');
    // Its base stands in the layout as well.
    const images = await loadArchive(home, layout);
    const loaded = images.find(({ image }) => image.layers.length > 1);
    const { manifestDigest, layers } = loaded?.image ?? expect.fail('nothing was loaded');
    const diffIds = layers.map(({ diffId }) => diffId);
    const disk = await joinDisk(home, directory, diffIds, manifestDigest);
    await run('fsck.erofs', disk);
    const seen = await mounted(disk, list);
    expect(seen.length).toBeGreaterThan(5000);
    const unpacked = await unpackImage(directory, `${layout}:python`);
    expect(differences(seen, await list(unpacked))).toEqual([]);
  },
  DEBIAN_TIMEOUT_MS,
);

it.runIf(isRoot)('is compared by a listing that shows what could differ', async () => {
  const layers = LAYER_CASES['every kind of file and attribute'] ?? [];
  const lines = await mounted(
    await joinDisk(home, directory, await storeLayers(home, layers)),
    list,
  );
  for (const line of [
    '. mode=040711 ids=3:4 mtime=1234.000000000',
    './bin mode=041777 ids=70000:80000 mtime=1700000000.000000000',
    './before mode=100644 ids=0:0 mtime=-1000001.750000000 size=1 links=1 content=af63df4c8601f1a5',
    './exact mode=100644 ids=0:0 mtime=1700000000.123456789 size=1 links=1 content=af63d84c8601e5c0',
    './blk mode=060660 ids=0:0 mtime=1700000000.000000000 size=0 links=1 device=4000:300000',
    './fifo mode=010644 ids=0:0 mtime=1700000000.000000000 size=0 links=2',
    './fifo-link mode=010644 ids=0:0 mtime=1700000000.000000000 size=0 links=2 same-as=./fifo',
    './sym mode=120777 ids=0:0 mtime=1700000000.000000000 size=8 links=2 target=bin/suid',
  ])
    expect(lines).toContain(line);
  expect(lines.find((line) => line.startsWith('./bin/suid '))).toMatch(
    /mode=106755 .* size=10000 links=3 same-as=.\/bin\/again content=/,
  );
});

it.runIf(isRoot)('makes missing parents root’s, 0755, of the epoch', async () => {
  const layers = [tar({ name: 'a/b/c', content: 'x' })];
  const disk = await joinDisk(home, directory, await storeLayers(home, layers));
  const timeless = (lines: string[]): string[] =>
    lines.map((line) => (line.includes('mode=04') ? line.replace(/ mtime=\S+/, '') : line));
  const seen = await mounted(disk, list);
  const unpacked = await list(await unpackLayers(directory, layers));
  expect(differences(timeless(seen), timeless(unpacked))).toEqual([]);
  expect(seen.slice(0, 3).every((line) => line.includes('mtime=0.000000000'))).toBe(true);
});

describe('what GNU tar packs', () => {
  const SPARSE = ['0.0', '0.1', '1.0'].map((version) => [
    `sparse ${version}`,
    ['--format=posix', '--sparse', `--sparse-version=${version}`],
  ]);
  const FORMATS = ['v7', 'ustar', 'oldgnu', 'gnu', 'posix'].map((format) => [
    format,
    [`--format=${format}`],
  ]);
  const cases = [...FORMATS, ['old sparse', ['--format=gnu', '--sparse']], ...SPARSE] as [
    string,
    string[],
  ][];

  it.runIf(isRoot).each(cases)('in format %s is what the kernel shows', async (name, options) => {
    const source = await makeSource(name === 'v7');
    const archive = join(await mkdtemp(join(directory, 'gnu-')), 'layer.tar');
    await run('tar', ...options, '--sort=name', '-C', source, '-cf', archive, '.');
    const { diffId } = await storeLayer(home, createReadStream(archive), {});
    const seen = await mounted(await joinDisk(home, directory, [diffId]), list);
    expect(differences(seen, await list(source))).toEqual([]);
  });

  /** What each format can hold; V7 has neither fifos nor names over 99 bytes. */
  async function makeSource(isV7: boolean): Promise<string> {
    const source = await mkdtemp(join(directory, 'source-'));
    const at = (...names: string[]): string => join(source, ...names);
    await mkdir(at('dir'));
    await writeFile(at('dir', 'file'), 'content');
    await link(at('dir', 'file'), at('linked'));
    await symlink('dir/file', at('symlink'));
    await writeFile(at('sparse'), 'start');
    await using sparse = await open(at('sparse'), 'r+');
    for (let n = 1; n <= 40; n++) await sparse.write(`data ${n}`, n * 100_000 + n);
    await sparse.truncate(5_000_000);
    await writeFile(at('all-hole'), '');
    await truncate(at('all-hole'), 1_000_000);
    if (!isV7) {
      await run('mkfifo', at('fifo'));
      const long = join('p'.repeat(80), 'n'.repeat(90));
      await mkdir(dirname(at(long)));
      await writeFile(at(long), 'long');
      await symlink('t'.repeat(99), at('dir', 'to-long'));
    }
    for (const name of ['dir/file', 'sparse', 'all-hole', 'dir', '.'])
      await utimes(at(name), 1_000_000_000, 1_000_000_000);
    await run('find', source, '-exec', 'touch', '-h', '-d', '@1000000000', '{}', '+');
    return source;
  }
});

describe.runIf(isRoot)('a disk with', () => {
  it('a file over 4 GiB has its bytes where they belong, and no holes on the host', async () => {
    const size = 5 * 2 ** 30;
    const pax = {
      'GNU.sparse.major': '0',
      'GNU.sparse.minor': '1',
      'GNU.sparse.size': `${size}`,
      'GNU.sparse.map': `0,5,${2 ** 32 - 2},4,${size - 3},3`,
    };
    const layer = tar(
      { name: 'huge', pax, content: 'begin--++end' },
      { name: 'next', content: 'n' },
    );
    const [diffId = ''] = await storeLayers(home, [layer]);
    expect((await stat(layerDataPath(home, diffId))).blocks * 512).toBeLessThan(100_000);
    const disk = await joinDisk(home, directory, [diffId]);
    await run('fsck.erofs', disk);
    await mounted(disk, async (at) => {
      await using file = await open(join(at, 'huge'));
      expect((await file.stat()).size).toBe(size);
      const read = async (position: number, length: number): Promise<string> =>
        (await file.read(Buffer.alloc(length), 0, length, position)).buffer.toString();
      expect(await read(0, 7)).toBe('begin\0\0');
      expect(await read(2 ** 32 - 4, 8)).toBe('\0\0--++\0\0');
      expect(await read(size - 5, 5)).toBe('\0\0end');
      expect(await readFile(join(at, 'next'), 'utf8')).toBe('n');
    });
  });

  it('100,000 names in one directory finds each of them', async () => {
    const names = Array.from({ length: 100_000 }, (_, n) => `name-${n}`);
    const entries = names.map((name, n) => ({ name: `many/${name}`, content: `${n}` }));
    const layers = [tar({ name: 'many', type: '5' }, ...entries), tar({ name: 'many/.wh.name-7' })];
    const disk = await joinDisk(home, directory, await storeLayers(home, layers));
    await run('fsck.erofs', disk);
    await mounted(disk, async (at) => {
      const left = names.filter((name) => name !== 'name-7');
      expect(new Set(await readdir(join(at, 'many')))).toEqual(new Set(left));
      for (let n = 0; n < names.length; n += 997)
        if (n !== 7) expect(await readFile(join(at, 'many', `name-${n}`), 'utf8')).toBe(`${n}`);
      await expect(stat(join(at, 'many', 'name-7'))).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });

  it('names far beyond PATH_MAX shows them to who goes there step by step', async () => {
    const path = Array.from({ length: 40 }, (_, n) => `${n}-`.padEnd(250, 'x')).join('/');
    const layer = tar({ name: 'f', pax: { path: `${path}/file` }, content: 'far' });
    const disk = await joinDisk(home, directory, await storeLayers(home, [layer]));
    const seen = await mounted(disk, list);
    expect(seen.at(-1)).toMatch(/\/39-x+\/file mode=100644 .* size=3 /);
  });

  it('three thousand levels shows the file at its end', async () => {
    const path = `${'d/'.repeat(3000)}file`;
    const layers = [tar({ name: 'f', pax: { path }, content: 'deep' }), tar({ name: '.wh.x' })];
    const disk = await joinDisk(home, directory, await storeLayers(home, layers));
    const seen = await mounted(disk, list);
    expect(seen).toHaveLength(3002);
    expect(seen.at(-1)).toMatch(/d\/file mode=100644 .* size=4 /);
  });

  it('attributes of the largest size and number keeps each byte', async () => {
    const big = Array.from({ length: 65_535 }, (_, n) => String.fromCharCode(n & 0xff)).join('');
    const many = Array.from({ length: 2000 }, (_, n) => [`SCHILY.xattr.user.n${n}`, `value ${n}`]);
    const layer = tar(
      { name: 'big', content: 'after', pax: { 'SCHILY.xattr.user.big': big } },
      { name: 'many', content: 'after', pax: Object.fromEntries(many) as Record<string, string> },
      { name: 'empty', pax: { 'SCHILY.xattr.user.nothing': '' } },
    );
    const disk = await joinDisk(home, directory, await storeLayers(home, [layer]));
    await run('fsck.erofs', disk);
    const lines = await mounted(disk, list);
    const shown = big.replace(
      /[^!-~]|%/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    expect(lines.find((line) => line.startsWith('./big'))).toMatch(
      / size=5 links=1 content=\w+ user/,
    );
    expect(lines.find((line) => line.startsWith('./big'))?.split(' user.big=')[1]).toBe(shown);
    const attributes = lines
      .find((line) => line.startsWith('./many'))
      ?.split(' ')
      .slice(7);
    expect(new Set(attributes)).toEqual(
      new Set(
        many.map(([key = '', value = '']) => `${key.slice(13)}=${value.replace(' ', '%20')}`),
      ),
    );
    expect(lines.find((line) => line.startsWith('./empty'))).toMatch(/ user\.nothing=$/);
  });
});
