import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BoxliteError } from '../../src/errors.js';
import { boxThat, place } from '../helpers/copying-box.js';
import { tar, tarEntry, type TarFields } from '../helpers/tar-builder.js';

/** A directory as a user's own, and what a copy has made in it; it is checked that nothing else has changed. */
function standInHome(): { home: string; changes: () => string[] } {
  const { top } = place();
  const home = join(top, 'home');
  const mine = { '.bashrc': 'mine', '.profile': 'mine', '.ssh/authorized_keys': 'mine' };
  mkdirSync(join(home, '.ssh'), { recursive: true });
  for (const [name, content] of Object.entries(mine)) writeFileSync(join(home, name), content);
  const before = listing(home);
  return {
    home,
    changes: () => {
      expect(readdirSync(top).sort()).toEqual(['home', 'kept']);
      expect(readFileSync(join(top, 'kept'), 'utf8')).toBe('kept');
      const after = listing(home);
      expect(after).toMatchObject(before);
      return Object.keys(after).filter((name) => before[name] === undefined);
    },
  };
}

/** Of each name in a directory: mode, number of names and content. */
function listing(root: string): Record<string, string> {
  const facts = namesBelow(root).map((name) => {
    const path = join(root, name);
    const st = lstatSync(path);
    const shown = st.isSymbolicLink() ? `${name} -> ${readlinkSync(path)}` : name;
    const content = st.isFile() ? readFileSync(path, 'utf8') : '';
    return [shown, `${st.mode.toString(8)} ${st.isFile() ? st.nlink : ''} ${content}`];
  });
  return Object.fromEntries(facts) as Record<string, string>;
}

/** Through no link. */
function namesBelow(root: string, directory = ''): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true })
    .flatMap((entry) => {
      const name = join(directory, entry.name);
      return entry.isDirectory() ? [name, ...namesBelow(root, name)] : [name];
    })
    .sort();
}

const directory = { name: 'src/', type: '5' };

describe('a guest that is asked for one name and sends another', () => {
  const bad = 'bad';
  const rows: [what: string, entries: TarFields[], made: string[] | 'refused'][] = [
    ['a file of the home', [{ name: '.bashrc', content: bad }], ['results']],
    [
      'a directory of the home',
      [
        { name: '.ssh/', type: '5' },
        { name: '.ssh/authorized_keys', content: bad },
      ],
      ['results', 'results/authorized_keys'],
    ],
    [
      'what is in a directory',
      [
        { name: './', type: '5' },
        { name: './.bashrc', content: bad },
        { name: './.ssh/authorized_keys', content: bad },
      ],
      'refused',
    ],
    ['the same without a slash', [{ name: '.', type: '5' }, { name: '.bashrc' }], 'refused'],
    ['what is above', [{ name: '..', type: '5' }, { name: '../.bashrc' }], 'refused'],
    ['a file in a directory', [{ name: '.ssh/authorized_keys', content: bad }], 'refused'],
    ['no name', [{ name: '', content: bad }], 'refused'],
    ['the root', [{ name: '/', type: '5' }, { name: '/.bashrc' }], 'refused'],
    ['an absolute name', [{ name: '/tmp/x', content: bad }], 'refused'],
    [
      'a link, then a file in its place',
      [
        { name: 'x', type: '2', linkName: '.bashrc' },
        { name: 'x', content: bad },
      ],
      ['results'],
    ],
    [
      'a link, then a file behind it',
      [
        { name: 'x', type: '2', linkName: '.ssh' },
        { name: 'x/authorized_keys', content: bad },
      ],
      ['results -> .ssh'],
    ],
    [
      'two names',
      [
        { name: 'results', content: bad },
        { name: '.bashrc', content: bad },
      ],
      ['results'],
    ],
    ['a hard link to a file of the home', [{ name: 'x', type: '1', linkName: '.bashrc' }], []],
    ['a hard link to what is above', [{ name: 'x', type: '1', linkName: '../kept' }], []],
    [
      'a hard link to it below its own name',
      [directory, { name: 'src/x', type: '1', linkName: '.bashrc' }],
      ['results'],
    ],
    [
      'a name that a pax header hides',
      [{ name: 'results', content: bad, pax: { path: '.ssh/authorized_keys' } }],
      'refused',
    ],
  ];

  it.each(rows)('gets nothing into the home by %s', async (_what, entries, made) => {
    const { home, changes } = standInHome();
    const box = await boxThat({ archive: tar(...entries) });
    const copying = box.copyOut('/data/results', home);
    if (made === 'refused')
      await expect(copying).rejects.toMatchObject({ code: 'archive-invalid' });
    else await copying.catch((error: unknown) => expect(error).toBeInstanceOf(BoxliteError));
    expect(changes()).toEqual(made === 'refused' ? [] : made);
  });

  it.each([
    ['/data/.', '.', ['x']],
    ['/', '.', ['x']],
    ['/data/results/', 'results', ['results', 'results/x']],
  ])('gets what was asked for by %s', async (source, first, made) => {
    const { home, changes } = standInHome();
    const box = await boxThat({
      archive: tar({ name: `${first}/`, type: '5' }, { name: `${first}/x`, content: 'x' }),
    });
    await box.copyOut(source, home);
    expect(changes()).toEqual(made);
  });

  it('gets a file in for what is in a directory neither', async () => {
    const { home, changes } = standInHome();
    const box = await boxThat({ archive: tar({ name: '.bashrc', content: bad }) });
    await expect(box.copyOut('/data/.', home)).rejects.toMatchObject({ code: 'archive-invalid' });
    await expect(box.copyOut('/data', home, { includeParent: false })).rejects.toMatchObject({
      code: 'archive-invalid',
    });
    expect(changes()).toEqual([]);
  });

  it('gets no directory in for a file', async () => {
    const { home, changes } = standInHome();
    const box = await boxThat({ archive: tar(directory, { name: 'src/x', content: bad }) });
    await expect(box.copyOut('/data/results', home, { recursive: false })).rejects.toThrow(
      'it is a directory, where a file was asked for',
    );
    expect(changes()).toEqual([]);
  });

  it('keeps its name where a link is followed', async () => {
    const { home, changes } = standInHome();
    const box = await boxThat({ archive: tar({ name: '.profile', content: bad }) });
    await box.copyOut('/data/latest', home, { followSource: true });
    expect(changes()).toEqual(['latest']);
  });
});

describe('a guest that lies', () => {
  it.each([
    ['names a file above', [directory, { name: '../../x', content: 'bad' }]],
    ['names an absolute file', [directory, { name: '/tmp/x', content: 'bad' }]],
    ['names what was not asked for', [directory, { name: 'other/x', content: 'bad' }]],
    ['begins with a name above', [{ name: '../kept', content: 'bad' }]],
    [
      'writes through its link',
      [
        directory,
        { name: 'src/l', type: '2', linkName: '..' },
        { name: 'src/l/kept', content: 'bad' },
      ],
    ],
    ['links to a file above', [directory, { name: 'src/h', type: '1', linkName: '../kept' }]],
    ['says a negative size', [directory, { name: 'src/f', size: -1 }]],
  ])('and %s is refused, and nothing outside is touched', async (_what, entries) => {
    const { dest, outside, top } = place();
    const box = await boxThat({ archive: tar(...entries) });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({ name: 'BoxliteError' });
    expect(outside().filter((name) => name !== 'dest')).toEqual(['kept']);
    expect(readFileSync(join(top, 'kept'), 'utf8')).toBe('kept');
  });

  it('about a size it does not send leaves no half file', async () => {
    const { dest } = place();
    const archive = Buffer.concat([
      tarEntry(directory),
      tarEntry({ name: 'src/whole', content: 'whole' }),
      tarEntry({ name: 'src/half', size: 100_000, content: 'only this' }),
    ]);
    const box = await boxThat({ archive });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining('src/half') as string,
    });
    expect(readdirSync(dest)).toEqual(['whole']);
  });

  it('and ends in the middle leaves no half file', async () => {
    const { dest } = place();
    const archive = tarEntry({ name: 'src', size: 1_000_000, content: Buffer.alloc(300_000, 1) });
    const box = await boxThat({ archive, vanish: true });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({ code: 'vmm-failed' });
    expect(() => readFileSync(dest)).toThrow('ENOENT');
  });

  it('with success where it sent a failure is believed neither', async () => {
    const { dest } = place();
    const box = await boxThat({
      archive: tar({ name: 'src', content: 'x' }),
      code: 1,
      report: '-broken\n',
    });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({
      message: 'the copy failed in box liar: broken',
    });
  });

  it('by never ending is given up', async () => {
    const { dest } = place();
    const archive = Buffer.concat([tar({ name: 'src', content: 'x' }), Buffer.alloc(1_000_000)]);
    const box = await boxThat({ archive, silent: true });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({ code: 'protocol' });
    expect(readFileSync(dest, 'utf8')).toBe('x');
  });

  it('moves no cursor with its words, and fills no memory', async () => {
    const { dest } = place();
    const said = `-\u001b]0;title\u0007\u001b[2J${'x'.repeat(1_000)}\n`;
    const box = await boxThat({ code: 1, report: said.padEnd(60_000, 'y') });
    const error: unknown = await box.copyOut('/src', dest).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('?]0;title??[2J');
    expect(String(error)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(String(error).length).toBeLessThan(66_000);
  });

  it('that stops taking an archive is told apart from a host that can not read', async () => {
    const { top } = place();
    const full = await boxThat({ code: 13, report: "-can't write big: No space left on device\n" });
    await expect(full.copyInto(join(top, 'kept'), '/x')).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringContaining('no space left in box liar') as string,
    });
    const cut = await boxThat({ code: 11, report: '-the archive is empty\n' });
    await expect(cut.copyInto(join(top, 'none'), '/x')).rejects.toMatchObject({
      message: `lstat ${join(top, 'none')}: no such file or directory`,
    });
  });
});
