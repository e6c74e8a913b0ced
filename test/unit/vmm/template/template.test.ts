import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Home } from '../../../../src/host/home.js';
import {
  dropTemplate,
  findTemplate,
  listTemplates,
  removeOutdatedTemplates,
  removeStaleDrafts,
  templateKey,
} from '../../../../src/vmm/template/template.js';
import { MACHINE, temporaryHome } from '../vmm-fixture.js';
import { ABOUT, begin, DISK_BYTES, make } from './drafts.js';

const KEY_OF = {
  argv: ['qemu', '-m', '512'],
  assetsDigest: 'a',
  vmmBuild: 'b',
  processor: 'c',
  generation: 1,
};

describe('the key of a template', () => {
  test('is the same for the same machine', () => {
    expect(templateKey(KEY_OF)).toBe(templateKey({ ...KEY_OF, argv: [...KEY_OF.argv] }));
    expect(templateKey(KEY_OF)).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([
    ['another command line', { argv: ['qemu', '-m', '256'] }],
    ['words that read the same when joined', { argv: ['qemu', '-m 512'] }],
    ['another kernel or initramfs', { assetsDigest: 'c' }],
    ['another build of QEMU', { vmmBuild: 'c' }],
    ['another processor of the host', { processor: 'd' }],
    ['another generation of the protocol', { generation: 2 }],
  ])('differs for %s', (_what, change) => {
    expect(templateKey({ ...KEY_OF, ...change })).not.toBe(templateKey(KEY_OF));
  });
});

describe('a draft', () => {
  test('has memory and disks of their sizes, and takes no space', async () => {
    const home = temporaryHome();
    const draft = await begin(home);
    const { state, directory } = draft;
    const files = await draft.blankFiles(MACHINE, DISK_BYTES);
    expect(sizes(files.ram ?? '')).toEqual({ size: 512 * 2 ** 20, blocks: 0 });
    expect(sizes(files.disk)).toEqual({ size: DISK_BYTES, blocks: 0 });
    expect(sizes(files.image)).toEqual({ size: DISK_BYTES, blocks: 0 });
    expect(files).toMatchObject({
      image: home.padding(),
      extents: [],
      share: home.emptyShare(),
      stateDirectory: directory,
    });
    expect(dirname(state)).toBe(directory);
    expect(readdirSync(home.emptyShare())).toEqual([]);
  });

  test('is nobody else’s to find, and lets its VMM’s user through to the socket', async () => {
    const home = temporaryHome();
    const { directory } = await begin(home);
    expect(statSync(directory).mode & 0o777).toBe(0o711);
    expect(statSync(home.templates()).mode & 0o777).toBe(0o700);
  });

  test('is no template yet', async () => {
    const home = temporaryHome();
    const draft = await begin(home);
    writeFileSync(draft.state, 'state');
    expect(await findTemplate(home, 'k1')).toBeUndefined();
    expect(await listTemplates(home)).toEqual([]);
  });

  test('that is committed is the template, without its disk', async () => {
    const home = temporaryHome();
    const template = await make(home);
    expect(template).toEqual({
      key: 'k1',
      ram: join(home.templates(), 'k1', 'ram'),
      state: join(home.templates(), 'k1', 'state'),
    });
    expect(await findTemplate(home, 'k1')).toEqual(template);
    expect(readdirSync(home.templates())).toEqual(['k1']);
    expect(readdirSync(join(home.templates(), 'k1')).sort()).toEqual([
      'ram',
      'state',
      'template.json',
    ]);
  });

  test('takes the place of what a damaged one has left', async () => {
    const home = temporaryHome();
    await make(home);
    rmSync(join(home.templates(), 'k1', 'ram'));
    expect(await findTemplate(home, 'k1')).toBeUndefined();
    const { state } = await make(home, 'newer');
    expect(readFileSync(state, 'utf8')).toBe('newer');
  });

  test('that is discarded leaves nothing', async () => {
    const home = temporaryHome();
    const draft = await begin(home);
    await draft.discard();
    await draft.discard();
    expect(readdirSync(home.templates())).toEqual([]);
  });

  test('that can’t be committed is an error that names the template', async () => {
    const home = temporaryHome();
    const draft = await begin(home);
    rmSync(draft.directory, { recursive: true });
    await expect(draft.commit(ABOUT)).rejects.toMatchObject({
      code: 'path-not-found',
      message: expect.stringContaining(join(home.templates(), 'k1')) as string,
    });
  });

  test('that can’t be begun is an error that names the place', async () => {
    const home = temporaryHome();
    writeFileSync(home.root, '');
    await expect(begin(home)).rejects.toMatchObject({
      code: 'path-not-found',
      message: expect.stringContaining(home.templates()) as string,
    });
  });

  test('keeps the padding that other boxes are joined with', async () => {
    const home = temporaryHome();
    await make(home);
    const before = statSync(home.padding());
    await make(home, 'state', 'k2');
    expect(statSync(home.padding())).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test('whose maker died is removed, and those of other templates stay', async () => {
    const home = temporaryHome();
    const [mine, also, other] = [await begin(home), await begin(home), await begin(home, 'k12')];
    await make(home, 'state', 'k3');
    await removeStaleDrafts(home, 'k1');
    expect([mine, also, other].map(({ directory }) => existsSync(directory))).toEqual([
      false,
      false,
      true,
    ]);
    expect(await findTemplate(home, 'k3')).toBeDefined();
  });
});

test('there are no drafts to remove in a new home', async () => {
  await expect(removeStaleDrafts(temporaryHome(), 'k1')).resolves.toBeUndefined();
});

describe('the list', () => {
  test('of a new home is empty', async () => {
    expect(await listTemplates(temporaryHome())).toEqual([]);
  });

  test('says what each template is, and the space that it takes', async () => {
    const home = temporaryHome();
    await make(home, Buffer.alloc(8192, 1));
    const [listing] = await listTemplates(home);
    expect(listing).toEqual({
      ...ABOUT,
      bytes: expect.any(Number) as number,
      usedAt: expect.any(Number) as number,
    });
    expect(listing?.bytes).toBeGreaterThanOrEqual(8192);
    expect(listing?.bytes).toBeLessThan(512 * 2 ** 20);
  });

  test.each([
    ['is being removed', undefined],
    ['has no description', ''],
    ['has half a description', '{"key":'],
    ['is described by nothing', 'null'],
    ['is described by a number', '5'],
    ['is described by another version', '{"key":"k1","cpus":1}'],
  ])('passes over one that %s', async (_what, text) => {
    const home = temporaryHome();
    await make(home);
    await make(home, 'state', 'k2');
    if (text === undefined) rmSync(join(home.templates(), 'k1', 'ram'));
    else writeFileSync(join(home.templates(), 'k1', 'template.json'), text);
    writeFileSync(join(home.templates(), 'a file'), '');
    expect((await listTemplates(home)).map(({ key }) => key)).toEqual(['k2']);
  });
});

test('a template that was refused is dropped, once', async () => {
  const home = temporaryHome();
  await make(home);
  await dropTemplate(home, 'k1');
  await dropTemplate(home, 'k1');
  expect(await findTemplate(home, 'k1')).toBeUndefined();
});

describe('templates that no start looks for any more', () => {
  const LONG_AGO = new Date(Date.now() - 7_200_000);

  /** Made of key, machine's key and how long ago it was used. */
  async function makeAged(home: Home, key: string, machineKey?: string, usedAt = LONG_AGO) {
    const draft = await begin(home, key);
    await draft.blankFiles(MACHINE, DISK_BYTES);
    writeFileSync(draft.state, 'state');
    const image = machineKey === undefined ? {} : { image: 'sha256:a', machineKey };
    await draft.commitWithDisk({ ...ABOUT, key, ...image });
    utimesSync(join(home.templates(), key, 'template.json'), usedAt, usedAt);
  }

  test('are removed with the images’ that continue them, unless they were used just now', async () => {
    const home = temporaryHome();
    await makeAged(home, 'current');
    await makeAged(home, 'of another kernel');
    await makeAged(home, 'old');
    await makeAged(home, 'old but used', undefined, new Date());
    await makeAged(home, 'image of current', 'current');
    await makeAged(home, 'image of old', 'old');
    const asked: number[] = [];
    await removeOutdatedTemplates(home, ({ memoryMib }) => {
      asked.push(memoryMib);
      return Promise.resolve(['current', 'of another kernel']);
    });
    expect((await listTemplates(home)).map(({ key }) => key).sort()).toEqual([
      'current',
      'image of current',
      'of another kernel',
      'old but used',
    ]);
    expect(new Set(asked)).toEqual(new Set([MACHINE.memoryMib]));
  });

  test('count as used when they are found', async () => {
    const home = temporaryHome();
    await makeAged(home, 'old');
    await findTemplate(home, 'old');
    await removeOutdatedTemplates(home, () => Promise.resolve(['current']));
    expect(await listTemplates(home)).toHaveLength(1);
  });
});

test('a place of templates that is a file is an error', async () => {
  const home = temporaryHome();
  mkdirSync(home.root);
  writeFileSync(home.templates(), '');
  chmodSync(home.templates(), 0o600);
  await expect(findTemplate(home, 'k1')).rejects.toMatchObject({ code: 'path-not-found' });
  await expect(listTemplates(home)).rejects.toMatchObject({ code: 'path-not-found' });
});

function sizes(path: string): { size: number; blocks: number } {
  const { size, blocks } = statSync(path);
  return { size, blocks };
}
