import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileLimitBytes } from '../../../../../src/engine/machine/file-limit.js';
import { mayBeTemplatesFault } from '../../../../../src/engine/machine/templates/bad-template.js';
import {
  copyDeadlineMs,
  CopyLocks,
  LateCopy,
} from '../../../../../src/engine/machine/volumes/copy-up.js';
import { prepareVolumes } from '../../../../../src/engine/machine/volumes-start.js';
import { BoxliteError } from '../../../../../src/errors.js';
import { Home } from '../../../../../src/host/home.js';
import { acquireLock } from '../../../../../src/store/locks.js';
import { boxSpec } from '../../engine-fixture.js';
import { DISK_SIZE, mountOf, volumeStore } from './volume-fixture.js';

const firstStart = (): { locks: CopyLocks } => ({ locks: new CopyLocks() });

describe('volumes of type disk', () => {
  test('are in slots, each once, wherever they are mounted', async () => {
    const store = volumeStore({ db: 'disk', log: 'disk' });
    const volumes = [
      mountOf('log', '/var/log', { readOnly: true, noCopy: true }),
      mountOf('db', '/var/lib/db'),
      mountOf('db', '/part', { subpath: 'a/b' }),
    ];
    const prepared = await prepareVolumes({ ...boxSpec(), volumes }, store, firstStart());
    expect(prepared.files).toEqual({
      volumes: [store.home.volumeDisk('db'), store.home.volumeDisk('log')],
    });
    expect(prepared.access).toBeUndefined();
    const disk = { kind: 3, flags: 4, subpath: '', copyUp: 1, notify: 0 };
    expect(prepared.mounts).toEqual([
      { ...disk, source: 'vol0', options: 'db', target: '/part', subpath: 'a/b' },
      { ...disk, source: 'vol1', options: 'log', target: '/var/log', flags: 5, copyUp: 0 },
      { ...disk, source: 'vol0', options: 'db', target: '/var/lib/db' },
    ]);
  });

  test('are made when a box first starts with them, and kept', async () => {
    const store = volumeStore({ db: 'disk' });
    const spec = { ...boxSpec(), volumes: [mountOf('db', '/db')] };
    const path = store.home.volumeDisk('db');
    writeFileSync(`${path}.new`, 'what a killed start has left, and longer');
    await prepareVolumes(spec, store, firstStart());
    expect([readFileSync(path, 'utf8'), existsSync(`${path}.new`)]).toEqual(['blank', false]);
    writeFileSync(path, 'used');
    await prepareVolumes(spec, store);
    expect(readFileSync(path, 'utf8')).toBe('used');
  });

  test('are found by a box that has started before, or it does not start', async () => {
    const store = volumeStore({ db: 'disk' });
    const spec = { ...boxSpec(), volumes: [mountOf('db', '/db')] };
    await prepareVolumes(spec, store, firstStart());
    const path = store.home.volumeDisk('db');
    rmSync(path);
    await expect(prepareVolumes(spec, store)).rejects.toMatchObject({
      code: 'path-not-found',
      message: `the disk of volume db is gone: ${path} does not exist`,
    });
    expect(existsSync(path)).toBe(false);
  });

  test('that are read-only are copied into', async () => {
    const store = volumeStore({ db: 'disk' });
    const volumes = [mountOf('db', '/db', { readOnly: true })];
    const { mounts } = await prepareVolumes({ ...boxSpec(), volumes }, store, firstStart());
    expect(mounts).toMatchObject([{ flags: 5, copyUp: 1 }]);
  });

  test('limit the size of files that the VMM may write', async () => {
    const store = volumeStore({ db: 'disk', files: 'shared' });
    const limit = async (name: string, diskBytes: number): Promise<number | undefined> => {
      const spec = { ...boxSpec(), diskBytes, volumes: [mountOf(name, '/x')] };
      return fileLimitBytes(spec, await prepareVolumes(spec, store, firstStart()));
    };
    expect(await limit('db', 2 ** 20)).toBe(DISK_SIZE);
    expect(await limit('db', 2 ** 30)).toBe(2 ** 30);
    expect(await limit('files', 2 ** 30)).toBeUndefined();
  });

  test('that need more slots than a machine has are refused', async () => {
    const names = ['v0', 'v1', 'v2', 'v3', 'v4'];
    const store = volumeStore(Object.fromEntries(names.map((name) => [name, 'disk'])));
    const volumes = names.map((name) => mountOf(name, `/${name}`));
    await expect(prepareVolumes({ ...boxSpec(), volumes }, store)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'a box can have 4 volumes of type disk, not 5',
    });
  });
});

describe('a shared volume', () => {
  const spec = { ...boxSpec(), volumes: [mountOf('files', '/files')] };

  test('that is watched has its number with the shim told to the agent', async () => {
    const store = volumeStore({ files: 'shared', more: 'shared', db: 'disk' });
    const volumes = [
      mountOf('files', '/files'),
      mountOf('more', '/more', { watch: true, readOnly: true }),
      mountOf('db', '/db', { watch: true }),
    ];
    const { files, mounts } = await prepareVolumes({ ...spec, volumes }, store, firstStart());
    expect(files.shares?.map(({ watch }) => watch)).toEqual([undefined, true]);
    expect(mounts.map(({ target, notify }) => [target, notify])).toEqual([
      ['/files', 0],
      ['/more', 2],
      ['/db', 0],
    ]);
  });

  test('that is empty when a box first starts is copied into, under a lock', async () => {
    const store = volumeStore({ files: 'shared' });
    const copying = firstStart();
    const { files, mounts } = await prepareVolumes(spec, store, copying);
    expect(files.shares).toEqual([{ path: store.home.volumeData('files'), readOnly: false }]);
    expect(mounts).toMatchObject([{ kind: 2, options: 'files', flags: 4, copyUp: 1 }]);
    const other = { timeoutMs: 0, purpose: 'start' };
    await expect(acquireLock(store.opened, 'volume:files', other)).rejects.toMatchObject({
      code: 'box-busy',
    });
    copying.locks.release();
    (await acquireLock(store.opened, 'volume:files', other)).release();
  });

  test.each([
    ['has something in it', 'file', 0],
    ['has what an interrupted copy has left', '.boxlite-copy', 1],
    ['has a copy that is still to be moved', '.boxlite-copied', 1],
  ])('that %s: %s', async (_what, name, copyUp) => {
    const store = volumeStore({ files: 'shared' });
    writeFileSync(join(store.home.volumeData('files'), name), '');
    await using locks = new CopyLocks();
    const { mounts } = await prepareVolumes(spec, store, { locks });
    expect(mounts).toMatchObject([{ copyUp }]);
  });

  test.each([
    ['later', {}, false],
    ['without a copy', { noCopy: true }, true],
    ['in part', { subpath: 'part' }, true],
    ['read-only', { readOnly: true }, true],
  ])('that is mounted %s is copied into by nobody', async (_how, fields, isFirst) => {
    const store = volumeStore({ files: 'shared' });
    const spec = { ...boxSpec(), volumes: [mountOf('files', '/files', fields)] };
    const copying = isFirst ? firstStart() : undefined;
    const { files, mounts } = await prepareVolumes(spec, store, copying);
    expect(mounts).toMatchObject([{ copyUp: 0 }]);
    expect(files.shares).toMatchObject([{ readOnly: 'readOnly' in fields }]);
  });

  test('is found in a home that is reached through a link, but is no link itself', async () => {
    const store = volumeStore({ files: 'shared' });
    const link = `${store.home.root}-link`;
    symlinkSync(store.home.root, link);
    try {
      const linked = { ...store, home: new Home(link) };
      const path = store.home.volumeData('files');
      const found = await prepareVolumes(spec, linked);
      expect(found.files.shares).toEqual([{ path, readOnly: false }]);
      rmSync(path, { recursive: true });
      symlinkSync('/etc', path);
      expect((await prepareVolumes(spec, linked)).files.shares).toMatchObject([{ path }]);
    } finally {
      rmSync(link);
    }
  });

  test('is not locked for a start that has failed meanwhile', async () => {
    const store = volumeStore({ files: 'shared' });
    const copying = firstStart();
    copying.locks.release();
    const { mounts } = await prepareVolumes(spec, store, copying);
    expect(mounts).toMatchObject([{ copyUp: 0 }]);
    (await acquireLock(store.opened, 'volume:files', { timeoutMs: 0, purpose: 'start' })).release();
  });
});

test('a copy that takes too long is told by its volumes and is not held against a template', async () => {
  const store = volumeStore({ db: 'disk', files: 'shared' });
  const mountsOf = async (...names: string[]) => {
    const volumes = names.map((name) => mountOf(name, `/${name}`));
    await using locks = new CopyLocks();
    return (await prepareVolumes({ ...boxSpec(), volumes }, store, { locks })).mounts;
  };
  const both = await mountsOf('db', 'files');
  const limits = [[], await mountsOf('db'), both].map((mounts) => copyDeadlineMs(mounts));
  expect(limits).toEqual([undefined, 600_000, 3_600_000]);
  const late = new BoxliteError('timeout', 'late', { stage: 'bootstrap' });
  const copy = new LateCopy('web', both, late);
  expect([mayBeTemplatesFault(late), mayBeTemplatesFault(copy)]).toEqual([true, false]);
  expect([copy.message, copy.stage]).toEqual([
    "box web: the image's files were not all copied within 60 minutes into the empty volumes files at /files, db at /db",
    'bootstrap',
  ]);
  expect(copy.hint).toContain('nocopy');
});
