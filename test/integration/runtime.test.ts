import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { Database } from '../../src/store/database.js';
import {
  openRuntime,
  temporaryHome,
  TINY,
  tinyRootfs,
  type TinyRuntime,
  tinyRuntime,
} from '../helpers/tiny-runtime.js';
import { boxSpec } from '../unit/engine/engine-fixture.js';

/** The image's own command: without any, the library would make an idle box. */
const OPTIONS = { rootfs: { image: TINY }, idle: false };

describe('a box', () => {
  test('is made of options and image, has a directory of its own and is configured', async () => {
    const { home, runtime, imageId } = await tinyRuntime();
    const box = await runtime.create(
      { ...OPTIONS, cpus: 2, memoryMib: 256, env: ['B=2'], labels: { by: 'me' } },
      'web',
    );
    expect(box.id).toMatch(/^[0-9a-z]{26}$/);
    expect(box.name).toBe('web');
    expect(await box.info()).toMatchObject({
      id: box.id,
      name: 'web',
      status: 'configured',
      image: TINY,
      imageId,
      command: ['/bin/sh'],
      idle: false,
      cpus: 2,
      memoryMib: 256,
      labels: { from: 'image', by: 'me' },
      pid: undefined,
      startedAt: undefined,
      exitCode: undefined,
    });
    expect((await box.inspect()).Config).toMatchObject({
      Env: [expect.stringMatching(/^PATH=/), 'A=1', 'B=2'],
      Cmd: ['/bin/sh'],
      Entrypoint: null,
    });
    expect(statSync(home.box(box.id)).mode & 0o777).toBe(0o700);
  });

  test('outlives its runtime and its image’s name', async () => {
    const { home, runtime } = await tinyRuntime();
    const { id } = await runtime.create(OPTIONS, 'web');
    runtime.close();
    const again = openRuntime(home);
    await again.importImage(tinyRootfs(), { reference: TINY, changes: ['CMD ["/other"]'] });
    expect(await again.getInfo(id)).toMatchObject({ name: 'web', command: ['/bin/sh'] });
  });

  test('without a name gets one', async () => {
    const { runtime } = await tinyRuntime();
    const boxes = [await runtime.create(OPTIONS), await runtime.create(OPTIONS)];
    expect(boxes.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^[a-z]+_[a-z]+$/),
      expect.stringMatching(/^[a-z]+_[a-z]+$/),
    ]);
    expect(boxes[0]?.name).not.toBe(boxes[1]?.name);
  });

  test.each([
    ['a malformed name', OPTIONS, '../web', 'invalid-argument', 'invalid box name "../web"'],
    [
      'too little memory',
      { ...OPTIONS, memoryMib: 64 },
      'web',
      'invalid-argument',
      '64 MiB of memory is too little, the minimum is 128 MiB',
    ],
    [
      'a malformed variable',
      { ...OPTIONS, env: ['=x'] },
      'web',
      'invalid-argument',
      'invalid variable "=x"',
    ],
  ])('with %s is not made', async (_what, options, name, code, message) => {
    const { home, runtime } = await tinyRuntime();
    await expect(runtime.create(options, name)).rejects.toMatchObject({ code, message });
    expect(await runtime.listInfo()).toEqual([]);
    expect(existsSync(home.boxes())).toBe(false);
  });

  test('whose directory can’t be made is not made', async () => {
    const { home, runtime } = await tinyRuntime();
    writeFileSync(home.boxes(), '');
    await expect(runtime.create(OPTIONS, 'web')).rejects.toMatchObject({
      code: 'path-not-found',
      message: expect.stringContaining(`create ${home.boxes()}`) as string,
    });
    expect(await runtime.listInfo()).toEqual([]);
    rmSync(home.boxes());
    await runtime.create(OPTIONS, 'web');
  });
});

describe('a name that is taken', () => {
  test('by a box that was to remove itself is free when that has ended, however it did', async () => {
    const { home, runtime } = await tinyRuntime();
    const killed = async (name: string): Promise<string> => {
      const { id } = await runtime.create({ ...OPTIONS, autoRemove: true }, name);
      using database = Database.open(home);
      database.boxes.update(id, { startedAt: 10_000 });
      database.boxes.transition(id, ['configured'], 'running');
      return id;
    };
    const first = await killed('web');
    const { id } = await runtime.create(OPTIONS, 'web');
    expect(await runtime.exists(first)).toBe(false);
    await killed('other');
    await (await runtime.get(id))?.rename('other');
    await killed('third');
    expect((await runtime.getOrCreate(OPTIONS, 'third'))[1]).toBe(true);
  });

  test('is refused with the id of the box that has it', async () => {
    const { home, runtime } = await tinyRuntime();
    const { id } = await runtime.create(OPTIONS, 'web');
    await expect(runtime.create(OPTIONS, 'web')).rejects.toMatchObject({
      code: 'name-taken',
      message: `the name "web" is already in use by box ${id}`,
    });
    expect(readdirSync(home.boxes())).toEqual([id]);
  });

  test('is refused before an image is looked for', async () => {
    const { runtime } = await tinyRuntime();
    await runtime.create(OPTIONS, 'web');
    await expect(
      runtime.create({ rootfs: { image: 'registry.invalid/none' } }, 'web'),
    ).rejects.toMatchObject({ code: 'name-taken' });
  });

  test('differs from another by case, and from the beginning of an id', async () => {
    const { runtime } = await tinyRuntime();
    const { id } = await runtime.create(OPTIONS, 'web');
    await runtime.create(OPTIONS, 'Web');
    await runtime.create(OPTIONS, id.slice(0, 8));
    expect(await runtime.listInfo()).toHaveLength(3);
  });

  test('is got by getOrCreate, whatever its image', async () => {
    const { runtime } = await tinyRuntime();
    const [made, isNew] = await runtime.getOrCreate(OPTIONS, 'web');
    const [got, isNewAgain] = await runtime.getOrCreate({ rootfs: { image: 'none' } }, 'web');
    expect([got.id, isNew, isNewAgain]).toEqual([made.id, true, false]);
    const [prefix, isPrefix] = await runtime.getOrCreate(OPTIONS, made.id.slice(0, 12));
    expect([prefix.id === made.id, isPrefix]).toEqual([false, true]);
    const [other, isOther] = await runtime.getOrCreate(OPTIONS);
    expect([other.id === made.id, isOther]).toEqual([false, true]);
  });
});

describe('a box is found', () => {
  test.each<[string, (id: string) => string]>([
    ['its name', () => 'web'],
    ['its id', (id) => id],
    ['its id in upper case', (id) => id.toUpperCase()],
    ['the 12 characters that tables show', (id) => id.slice(0, 12)],
  ])('by %s', async (_what, text) => {
    const { runtime } = await tinyRuntime();
    const { id } = await runtime.create(OPTIONS, 'web');
    const wanted = text(id);
    expect((await runtime.get(wanted))?.id).toBe(id);
    expect((await runtime.getInfo(wanted))?.id).toBe(id);
    expect(await runtime.exists(wanted)).toBe(true);
  });

  test.each(['', 'nope', 'we', '%', '_', '01k%'])('not by %j', async (text) => {
    const { runtime } = await tinyRuntime();
    await runtime.create(OPTIONS, 'web');
    expect(await runtime.get(text)).toBeUndefined();
    expect(await runtime.getInfo(text)).toBeUndefined();
    expect(await runtime.exists(text)).toBe(false);
  });

  test('by a prefix that only it has; one that several have is an error', async () => {
    const tiny = await tinyRuntime();
    const ids = ['01k0000000aaaaaaaaaaaaaaaa', '01k0000000abbbbbbbbbbbbbbb'];
    for (const id of ids) insert(tiny, id);
    expect((await tiny.runtime.get('01k0000000ab'))?.id).toBe(ids[1]);
    const ambiguous = { code: 'box-ambiguous', message: 'multiple boxes match "01k0000000a"' };
    await expect(tiny.runtime.get('01k0000000a')).rejects.toMatchObject(ambiguous);
    await expect(tiny.runtime.getInfo('01k0000000a')).rejects.toMatchObject(ambiguous);
    await expect(tiny.runtime.exists('01k0000000a')).rejects.toMatchObject(ambiguous);
    await expect(tiny.runtime.remove('01k0000000a')).rejects.toMatchObject(ambiguous);
  });

  test('by its id rather than by another’s name', async () => {
    const { runtime } = await tinyRuntime();
    const { id } = await runtime.create(OPTIONS, 'web');
    await runtime.create(OPTIONS, id);
    expect((await runtime.get(id))?.id).toBe(id);
  });
});

test('boxes are listed newest first', async () => {
  const tiny = await tinyRuntime();
  // Of one millisecond as of several: time first, then the id.
  let now = 1_000;
  using database = Database.open(tiny.home, () => now);
  for (const [id, at] of [
    ['01k00000000000000000000002', 1_000],
    ['01k00000000000000000000003', 1_000],
    ['01k00000000000000000000001', 2_000],
  ] as const) {
    now = at;
    insert(tiny, id, database);
  }
  expect((await tiny.runtime.listInfo()).map(({ id }) => id.slice(-1))).toEqual(['1', '3', '2']);
});

describe('an image', () => {
  test.each([
    ['of an empty name', { image: '' }, 'image-not-found', 'No such image: ""'],
    [
      'at a path where nothing is',
      { path: '/nonexistent/root' },
      'invalid-argument',
      'no root file system is at /nonexistent/root',
    ],
  ])('%s is refused', async (_what, rootfs, code, message) => {
    const { runtime } = await tinyRuntime();
    await expect(runtime.create({ rootfs })).rejects.toMatchObject({ code, message });
  });

  test.each<[string, (tiny: TinyRuntime) => string]>([
    ['its short name', () => TINY],
    ['its full name', () => `localhost/${TINY}:latest`],
    ['its id', ({ imageId }) => imageId],
    ['a prefix of its id', ({ imageId }) => imageId.slice('sha256:'.length, 20)],
  ])('is found by %s', async (_what, reference) => {
    const tiny = await tinyRuntime();
    const image = reference(tiny);
    const box = await tiny.runtime.create({ rootfs: { image } });
    expect(await box.info()).toMatchObject({ image, imageId: tiny.imageId });
  });

  test('that is missing is not looked for in a home that can’t run it', async () => {
    const { runtime } = await tinyRuntime();
    await expect(
      runtime.create({ rootfs: { image: 'none' }, pull: 'never' }),
    ).rejects.toMatchObject({ code: 'setup-needed', remedy: { action: 'setup' } });
  });

  test('of another platform is not taken', async () => {
    const { runtime } = await tinyRuntime();
    await expect(
      runtime.create({ ...OPTIONS, platform: 'linux/s390x', pull: 'never' }),
    ).rejects.toMatchObject({
      code: 'image-not-found',
      message: expect.stringMatching(
        /^No such image: tiny for linux\/s390x; the one here is for linux\//,
      ) as string,
    });
  });

  test('whose files are gone is an error that says so, and makes no box', async () => {
    const { home, runtime } = await tinyRuntime();
    rmSync(home.images(), { recursive: true });
    await expect(runtime.create(OPTIONS)).rejects.toMatchObject({ name: 'BoxliteError' });
    expect(await runtime.listInfo()).toEqual([]);
  });
});

describe('a home', () => {
  test('is not made by opening a runtime, nor by closing it', async () => {
    const home = temporaryHome();
    await using runtime = openRuntime(home);
    runtime.close();
    expect(existsSync(home.root)).toBe(false);
  });

  test('with spaces, and longer than a socket path, holds boxes', async () => {
    const root = `${temporaryHome().root}/${'long and spacious '.repeat(10)}`;
    const runtime = new BoxliteRuntime({ homeDir: root });
    onTestFinished(() => runtime.close());
    await runtime.importImage(tinyRootfs(), { reference: TINY });
    const { id } = await runtime.create({ ...OPTIONS, command: ['ls'] });
    await runtime.remove(id);
  });

  test('that is a file is an error', async () => {
    const home = temporaryHome();
    writeFileSync(home.root, '');
    await expect(openRuntime(home).listInfo()).rejects.toMatchObject({ code: 'host-io' });
  });

  test('without boxes has none of them', async () => {
    const home = temporaryHome();
    mkdirSync(home.root);
    expect(await openRuntime(home).listInfo()).toEqual([]);
    expect(await openRuntime(home).listImages()).toEqual([]);
  });
});

test('calls that a box needs its VM for are refused while it does not run', async () => {
  const { runtime } = await tinyRuntime();
  const box = await runtime.create(OPTIONS, 'web');
  const refused = { code: 'box-not-running', message: 'box web is not running' };
  await expect(box.attach()).rejects.toMatchObject(refused);
  await expect(box.kill()).rejects.toMatchObject(refused);
  await expect(box.kill('NOPE')).rejects.toMatchObject({ code: 'invalid-argument' });
  await box.stop();
  expect(await box.wait()).toEqual({ exitCode: 0 });
  for await (const entry of box.logs()) expect(entry).toBeUndefined();
});

/** A box of a given id. */
function insert({ home }: TinyRuntime, id: string, database?: Database): void {
  const boxes = { id, image: TINY, options: boxSpec(), containerId: id.padEnd(64, '0') };
  if (database !== undefined) return void database.boxes.insert(boxes);
  using own = Database.open(home);
  own.boxes.insert(boxes);
}
