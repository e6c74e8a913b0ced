import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Home } from '../../src/host/home.js';
import { type ErofsFile, readErofs } from '../helpers/erofs-reader.js';
import { nextDigest, readDisk, storeLayers } from '../helpers/host-disk.js';
import { paxRecord, tar, tarEntry, type TarFields } from '../helpers/tar-builder.js';
import { directory, file, hardlink, symlink } from '../helpers/tar-entries.js';

let home: Home;
beforeEach(async () => {
  home = new Home(await mkdtemp(join(tmpdir(), 'boxlite-hostile-')));
});
afterEach(() => rm(home.root, { recursive: true, force: true }));
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

/** What a box of these layers would have. */
async function treeOf(...layers: Buffer[]): Promise<Map<string, ErofsFile>> {
  return readErofs(await readDisk(home, nextDigest(), await storeLayers(home, layers)));
}

async function pathsOf(...layers: Buffer[]): Promise<string[]> {
  return [...(await treeOf(...layers)).keys()].filter((path) => path !== '').sort();
}

const etc = [directory('etc'), file('etc/passwd', 'of the image')];

describe('keeps inside the image', () => {
  it.each<[attack: string, layers: TarFields[][], paths: string[]]>([
    [
      'a path that climbs out',
      [[file('../../../etc/cron.d/x')]],
      ['etc', 'etc/cron.d', 'etc/cron.d/x'],
    ],
    ['a path that climbs out half-way', [[file('a/../../../b')]], ['b']],
    ['an absolute path', [[file('/etc/shadow')]], ['etc', 'etc/shadow']],
    ['a path of a network share’s form', [[file('//host/share')]], ['host', 'host/share']],
    [
      'a file through a symlink to the host’s /etc',
      [[symlink('link', '/etc'), file('link/x')]],
      ['etc', 'etc/x', 'link'],
    ],
    [
      'a file through a symlink that climbs out',
      [[directory('a'), symlink('a/link', '../../../../tmp'), file('a/link/x')]],
      ['a', 'a/link', 'tmp', 'tmp/x'],
    ],
    [
      'a file through a symlink of a lower layer',
      [[symlink('link', '/root/.ssh')], [file('link/authorized_keys')]],
      ['link', 'root', 'root/.ssh', 'root/.ssh/authorized_keys'],
    ],
    [
      'a file through a chain of symlinks, relative and absolute',
      [[symlink('a', 'b/..//c'), symlink('c', '/d/./e'), symlink('d', '..'), file('a/x')]],
      ['a', 'b', 'c', 'd', 'e', 'e/x'],
    ],
    [
      'a directory that turns into a symlink between two entries',
      [[directory('d'), file('d/a'), symlink('d', '/etc'), file('d/b')]],
      ['d', 'etc', 'etc/b'],
    ],
    [
      'a file through a hard link to a symlink that climbs out',
      [[symlink('up', '../../etc'), hardlink('too', 'up'), file('too/x')]],
      ['etc', 'etc/x', 'too', 'up'],
    ],
    [
      'a hard link whose target climbs out',
      [etc, [hardlink('stolen', '../../../../etc/passwd')]],
      ['etc', 'etc/passwd', 'stolen'],
    ],
    [
      'a hard link whose target is absolute',
      [etc, [hardlink('stolen', '/etc/passwd')]],
      ['etc', 'etc/passwd', 'stolen'],
    ],
    [
      'a hard link through a symlink that climbs out',
      [etc, [symlink('up', '../../..'), hardlink('stolen', 'up/etc/passwd')]],
      ['etc', 'etc/passwd', 'stolen', 'up'],
    ],
    ['a whiteout that climbs out', [etc, [file('../../../etc/.wh.passwd')]], ['etc']],
    [
      'a whiteout through a symlink that climbs out',
      [etc, [symlink('up', '../..'), file('up/.wh.etc')]],
      ['up'],
    ],
    ['an opaque root', [etc, [file('/../.wh..wh..opq'), file('only')]], ['only']],
    [
      'an opaque directory through a symlink that climbs out',
      [etc, [symlink('up', '../../etc'), file('up/.wh..wh..opq')]],
      ['etc', 'up'],
    ],
    ['bookkeeping of another file system', [[file('.wh..wh.aufs'), directory('.wh..wh.orph')]], []],
    [
      'a whiteout of the parent of an entry of its own layer',
      [etc, [file('etc/own'), file('.wh.etc')]],
      ['etc', 'etc/own'],
    ],
    ['a whiteout of its own layer’s file', [[file('a'), file('.wh.a')]], ['a']],
    ['a whiteout that is a directory', [etc, [directory('.wh.etc')]], []],
    ['a whiteout that is a symlink', [etc, [symlink('.wh.etc', '/')]], []],
    ['a whiteout of a whiteout', [[file('.wh..wh.a')], [file('b')]], ['b']],
    [
      'a device by which overlayfs would hide a name half',
      [
        etc,
        [
          { name: 'etc/passwd', type: '3' },
          { name: 'null', type: '3' },
        ],
      ],
      ['etc'],
    ],
    [
      'a name that only looks like a parent',
      [[file('...'), file('.. /x'), file('..x')]],
      ['.. ', '.. /x', '...', '..x'],
    ],
  ])('%s', async (_, layers, paths) => {
    const seen = await pathsOf(...layers.map((entries) => tar(...entries)));
    expect(seen).toEqual([...paths].sort());
  });

  it('a file over the target of a hard link, which keeps its own content', async () => {
    const tree = await treeOf(tar(...etc), tar(hardlink('l', 'etc/passwd'), file('etc/passwd')));
    expect(tree.get('l')).toMatchObject({ content: 'of the image', links: 1 });
  });

  it('devices, as files that mean the box’s devices', async () => {
    const disk = { name: 'sda', type: '4', mode: 0o666, major: 8, minor: 0 };
    expect((await treeOf(tar(disk))).get('sda')).toMatchObject({ kind: 'block', device: '8:0' });
  });

  it('attributes by which overlayfs would hide or redirect', async () => {
    const pax = {
      'SCHILY.xattr.trusted.overlay.redirect': '/etc',
      'SCHILY.xattr.trusted.overlay.opaque': 'y',
      'SCHILY.xattr.trusted.overlay.metacopy': '',
    };
    expect((await treeOf(tar({ ...directory('d'), pax }))).get('d')?.xattrs).toEqual({});
  });
});

describe('keeps apart', () => {
  it.each<[alike: string, names: string[]]>([
    ['case', ['README', 'readme', 'Readme']],
    ['composed and decomposed letters', ['\u00e9', 'e\u0301']],
    ['letters of two scripts', ['a', '\u0430']],
    ['full-width letters', ['a', '\uff41']],
    ['invisible characters', ['a', 'a\u200b', 'a\u200d', '\ufeffa']],
    ['spaces at the end', ['a', 'a ', 'a.']],
    ['kinds of dots', ['..x', '\u2025x', '\uff0e\uff0ex']],
    ['slashes that are none', ['a\u2215b', 'a\u2044b', 'a\\\\b']],
  ])('names that differ in %s', async (_, names) => {
    const bytes = names.map(utf8);
    const tree = await treeOf(tar(...bytes.map((name) => file(name, name))));
    for (const name of bytes) expect(tree.get(name)?.content).toBe(name);
    expect(tree.size).toBe(1 + names.length);
  });

  it('names that are the same letters in bytes of another encoding', async () => {
    expect(await pathsOf(tar(file('caf\xe9'), file(utf8('café'))))).toHaveLength(2);
  });
});

it('reads pax records by the hundred thousand, of which all but one say nothing', async () => {
  const records = Buffer.concat([
    ...Array.from({ length: 100_000 }, () => paxRecord('a', '')),
    paxRecord('path', 'named'),
  ]);
  const header = tarEntry({ name: 'h', type: 'x', content: records });
  expect(await pathsOf(Buffer.concat([header, tar(file('f'))]))).toEqual(['named']);
});

it('makes a disk of as many layers as an image may have', async () => {
  const layers = Array.from({ length: 240 }, (_, n) => tar(file(`${n}`, `${n}`)));
  const tree = await treeOf(...layers);
  expect(tree.size).toBe(241);
  expect(tree.get('239')?.content).toBe('239');
});
