import { describe, expect, it } from 'vitest';
import { LayerMerge } from '../../../../src/image/layer/merge.js';
import type { EntryKind, LayerEntry } from '../../../../src/image/layer/toc.js';
import { type Directory, type Inode, isDirectory } from '../../../../src/image/layer/tree.js';

type Fields = Partial<LayerEntry>;

const entry = (kind: EntryKind, path: string, fields: Fields = {}): LayerEntry => ({
  kind,
  path,
  mode: kind === 'directory' ? 0o755 : 0o644,
  uid: 0,
  gid: 0,
  mtimeSec: 1,
  mtimeNsec: 0,
  size: 0,
  block: 0,
  target: '',
  major: 0,
  minor: 0,
  xattrs: [],
  ...fields,
});
const file = (path: string, fields?: Fields) => entry('file', path, fields);
const dir = (path: string, fields?: Fields) => entry('directory', path, fields);
const symlink = (path: string, target: string) => entry('symlink', path, { target });
const hardlink = (path: string, target: string) => entry('hardlink', path, { target });
const whiteout = (path: string) => entry('whiteout', path);
const opaque = (path: string) => entry('opaque', path);

function mergeLayers(layers: LayerEntry[][]): Directory {
  const merge = new LayerMerge();
  for (const entries of layers) merge.add(entries);
  return merge.root;
}

function flatten(directory: Directory, prefix = ''): [string, Inode][] {
  return [...directory.names].flatMap(([name, { inode }]): [string, Inode][] => {
    const path = prefix + name;
    return isDirectory(inode)
      ? [[`${path}/`, inode], ...flatten(inode, `${path}/`)]
      : [[path, inode]];
  });
}

function pathsOf(...layers: LayerEntry[][]): string[] {
  return flatten(mergeLayers(layers))
    .map(([path]) => path)
    .sort();
}

function inodeOf(path: string, ...layers: LayerEntry[][]): Inode {
  const found = flatten(mergeLayers(layers)).find(([name]) => name === path);
  return found?.[1] ?? expect.fail(`no ${path}`);
}

const lower = [dir('d', { mode: 0o700 }), file('d/a'), file('d/b'), dir('d/s'), file('d/s/c')];

describe('one layer', () => {
  it('may be empty, or there may be none', () => {
    expect(pathsOf()).toEqual([]);
    expect(pathsOf([])).toEqual([]);
  });

  it('makes missing parents 0755, root’s', () => {
    const layer = [file('a/b/c', { uid: 5, mode: 0o600 })];
    expect(pathsOf(layer)).toEqual(['a/', 'a/b/', 'a/b/c']);
    expect(inodeOf('a/b/', layer)).toMatchObject({ mode: 0o755, uid: 0, gid: 0, mtimeSec: 0 });
  });

  it('keeps the last of duplicate entries', () => {
    expect(inodeOf('a', [file('a', { size: 1 }), file('a', { size: 2 })]).size).toBe(2);
  });

  it('describes the root', () => {
    expect(mergeLayers([[dir('', { mode: 0o711, uid: 7 })]])).toMatchObject({
      mode: 0o711,
      uid: 7,
    });
  });

  it('shares an inode between hard links, whichever attributes the link’s entry claims', () => {
    const layer = [file('a', { uid: 3 }), { ...hardlink('l', 'a'), uid: 9 }];
    expect(inodeOf('l', layer)).toMatchObject({ uid: 3 });
    const root = mergeLayers([layer]);
    expect(root.names.get('l')?.inode).toBe(root.names.get('a')?.inode);
  });

  it('links to a symlink itself', () => {
    expect(inodeOf('l', [symlink('s', '/x'), hardlink('l', 's')]).kind).toBe('symlink');
  });

  it('keeps a file that is a hard link to itself', () => {
    expect(pathsOf([file('a'), hardlink('a', 'a')])).toEqual(['a']);
  });

  it('keeps the inode of a link whose first name is replaced', () => {
    const layer = [file('a', { size: 1 }), hardlink('l', 'a'), file('a', { size: 2 })];
    expect(inodeOf('l', layer).size).toBe(1);
  });
});

describe('an upper layer', () => {
  it('replaces a directory’s attributes and keeps its names', () => {
    const upper = [dir('d', { mode: 0o711, xattrs: [['user.a', '1']] })];
    expect(pathsOf(lower, upper)).toHaveLength(5);
    expect(inodeOf('d/', lower, upper)).toMatchObject({ mode: 0o711, xattrs: [['user.a', '1']] });
  });

  it('leaves the attributes of a directory it only passes through', () => {
    expect(inodeOf('d/', lower, [file('d/new')]).mode).toBe(0o700);
  });

  it.each(['file', 'symlink', 'fifo', 'character'] as const)(
    'replaces a directory, with all in it, by a %s',
    (kind) => {
      expect(pathsOf(lower, [entry(kind, 'd')])).toEqual(['d']);
    },
  );

  it('replaces a symlink to a directory by a directory', () => {
    expect(pathsOf([...lower, symlink('l', 'd')], [dir('l'), file('l/x')])).toContain('l/x');
  });

  it('links to a file of a lower layer', () => {
    const root = mergeLayers([lower, [hardlink('l', 'd/a')]]);
    expect(root.names.get('l')?.inode).toMatchObject({ kind: 'file', layer: 0 });
  });
});

describe('a whiteout', () => {
  it('hides a file', () => {
    expect(pathsOf(lower, [whiteout('d/a')])).toEqual(['d/', 'd/b', 'd/s/', 'd/s/c']);
  });

  it('hides a directory with all in it', () => {
    expect(pathsOf(lower, [whiteout('d')])).toEqual([]);
  });

  it.each([
    ['before', [whiteout('d/a'), file('d/a', { size: 9 })]],
    ['after', [file('d/a', { size: 9 }), whiteout('d/a')]],
  ])('spares what its own layer makes %s it', (_, upper) => {
    expect(inodeOf('d/a', lower, upper).size).toBe(9);
  });

  it.each([
    ['before', [whiteout('d'), file('d/x')]],
    ['after', [file('d/x'), whiteout('d')]],
  ])('of a directory spares its own layer’s file in it, made %s it', (_, upper) => {
    expect(pathsOf(lower, upper)).toEqual(['d/', 'd/x']);
    expect(inodeOf('d/', lower, upper).mode).toBe(0o755);
  });

  it('of a directory after that directory’s entry leaves it empty', () => {
    expect(pathsOf(lower, [dir('d'), whiteout('d')])).toEqual(['d/']);
  });

  it('keeps a hard link of its own layer to what it hides', () => {
    expect(pathsOf(lower, [hardlink('l', 'd/a'), whiteout('d/a'), whiteout('d/s')])).toEqual([
      'd/',
      'd/b',
      'l',
    ]);
  });

  it('of nothing, or below nothing, does nothing', () => {
    expect(pathsOf(lower, [whiteout('x'), whiteout('y/z'), whiteout('d/a/q')])).toHaveLength(5);
  });

  it('ends with its layer: a third one may bring the name back', () => {
    expect(pathsOf(lower, [whiteout('d')], [file('d')])).toEqual(['d']);
  });
});

describe('an opaque directory', () => {
  it.each([
    ['first', [opaque('d'), file('d/x')]],
    ['last', [file('d/x'), opaque('d')]],
    ['in the middle', [file('d/x'), opaque('d'), dir('d')]],
  ])('hides what lower layers have in it and nothing else, the marker %s', (_, upper) => {
    expect(pathsOf(lower, upper)).toEqual(['d/', 'd/x']);
    expect(inodeOf('d/', lower, [opaque('d')]).mode).toBe(0o700);
  });

  it('spares its own layer’s files further down', () => {
    expect(pathsOf(lower, [file('d/s/new'), opaque('d')])).toEqual(['d/', 'd/s/', 'd/s/new']);
  });

  it('may be the root', () => {
    expect(pathsOf(lower, [opaque(''), file('x')])).toEqual(['x']);
  });

  it('exists by its marker alone', () => {
    expect(pathsOf([opaque('n')])).toEqual(['n/']);
  });
});

describe('a parent that is a symlink', () => {
  it.each([
    ['absolute', '/usr/lib'],
    ['relative', 'usr/lib'],
    ['through the host’s root', '../../../usr/lib'],
    ['with dots', './usr/../usr//lib/'],
  ])('is followed inside the root: %s', (_, target) => {
    const base = [dir('usr/lib'), symlink('lib', target)];
    expect(pathsOf(base, [file('lib/x')])).toEqual(['lib', 'usr/', 'usr/lib/', 'usr/lib/x']);
  });

  it('is followed to where nothing is yet, which is made', () => {
    expect(pathsOf([symlink('l', '/a/b'), file('l/x')])).toEqual(['a/', 'a/b/', 'a/b/x', 'l']);
  });

  it('is followed by whiteouts, opaque markers and hard links', () => {
    const base = [...lower, symlink('l', 'd')];
    expect(pathsOf(base, [whiteout('l/a')])).not.toContain('d/a');
    expect(pathsOf(base, [opaque('l')])).toEqual(['d/', 'l']);
    expect(inodeOf('h', base, [hardlink('h', 'l/a')]).kind).toBe('file');
  });
});

describe('refuses', () => {
  it.each<[attack: string, layer: LayerEntry[], rule: RegExp]>([
    ['a loop of symlinked parents', [symlink('a', 'b'), symlink('b', 'a'), file('a/x')], /loop/],
    ['a symlinked parent that is itself', [symlink('a', 'a'), file('a/x')], /loop/],
    ['a file below a file', [file('a'), file('a/b')], /"a\/b": its parent is not a directory/],
    ['a directory below a device', [entry('block', 'a'), dir('a/b')], /not a directory/],
    ['an opaque marker in a file', [file('a'), opaque('a')], /not a directory/],
    ['a hard link to nothing', [hardlink('a', 'x')], /links to a file that is not there/],
    ['a hard link to what comes later', [hardlink('a', 'b'), file('b')], /not there/],
    ['a hard link to a directory', [dir('d'), hardlink('a', 'd')], /hard link to a directory/],
    ['a hard link below a file', [file('f'), hardlink('a', 'f/x')], /not there/],
  ])('%s', (_, layer, rule) => {
    expect(() => mergeLayers([layer])).toThrow(rule);
  });

  it('symlinked parents that take hours to follow', () => {
    const links = Array.from({ length: 250 }, (_, i) =>
      symlink(`l${i}`, `${'./'.repeat(2000)}l${i + 1}`),
    );
    const files = Array.from({ length: 100 }, (_, i) => file(`l0/${i}`));
    expect(() => mergeLayers([[...links, dir('l250'), ...files]])).toThrow(/names of symlinks/);
  });

  it('more entries than memory is for', () => {
    const layer = Array.from({ length: 500_000 }, () => opaque(''));
    const layers = Array.from({ length: 9 }, () => layer);
    expect(() => mergeLayers(layers)).toThrow(/more than 4000000 entries together/);
  });

  it('parents without an entry by the million', () => {
    const layer = Array.from({ length: 40 }, (_, i) => file(`${i}${'/a'.repeat(30_000)}/x`));
    expect(() => mergeLayers([layer])).toThrow(/over 1000000 parents have no entry/);
  });
});
