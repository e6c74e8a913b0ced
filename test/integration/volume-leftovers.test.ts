import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { withVolumes } from '../../src/engine/lifecycle/create.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import type { EngineContext } from '../../src/engine/state/context.js';
import { lockVolume } from '../../src/engine/volumes/files.js';
import { BoxliteError } from '../../src/errors.js';
import type { Home } from '../../src/host/home.js';
import { TINY, type TinyRuntime, tinyRuntime } from '../helpers/tiny-runtime.js';
import { boxSpec } from '../unit/engine/engine-fixture.js';

const OPTIONS = { rootfs: { image: TINY } };

/** What the host does: nothing deletes a file called `stuck`. */
const host = vi.hoisted(() => ({
  isFull: false,
  onDeletion: (): Promise<void> => Promise.resolve(),
}));

vi.mock('../../src/host/remove-tree.js', async (original) => {
  const { removeTree } = await original<typeof import('../../src/host/remove-tree.js')>();
  return {
    removeTree: async (path: string): Promise<void> => {
      await host.onDeletion();
      if (existsSync(join(path, '_data/stuck')))
        throw new BoxliteError('permission', `not allowed to remove ${path} (EPERM)`);
      await removeTree(path);
    },
  };
});

vi.mock('../../src/store/locks.js', async (original) => {
  const real = await original<typeof import('../../src/store/locks.js')>();
  const acquireLock: typeof real.acquireLock = (database, name, options) => {
    if (!host.isFull || !name.startsWith('volume:'))
      return real.acquireLock(database, name, options);
    host.isFull = false;
    return Promise.reject(new BoxliteError('no-space', 'no space left'));
  };
  return { ...real, acquireLock };
});

beforeEach(() => {
  host.isFull = false;
  host.onDeletion = () => Promise.resolve();
});

const namesIn = (home: Home): string[] => readdirSync(home.volumes()).sort();

/** A directory of a volume without a record. */
function leave(home: Home, name: string, file?: string): void {
  mkdirSync(home.volumeData(name), { recursive: true });
  if (file !== undefined) writeFileSync(join(home.volumeData(name), file), '');
}

function contextOf({ home }: TinyRuntime): EngineContext {
  const { context } = openEngine({ homeDir: home.root });
  onTestFinished(() => context.lifetime.close());
  return context;
}

/** A removal that is killed before it has touched the files. */
const forget = ({ database }: EngineContext, name: string): boolean =>
  database().volumes.removeUnused(name);

test('files whose record was lost stay, and the next volume of the name has them', async () => {
  const { runtime, home } = await tinyRuntime();
  leave(home, 'data', 'kept');
  leave(home, 'disk');
  rmSync(home.volumeData('disk'), { recursive: true });
  writeFileSync(home.volumeDisk('disk'), 'four');
  await runtime.volumes.prune({ all: true });
  expect(namesIn(home)).toEqual(['data', 'disk']);
  await expect(
    runtime.volumes.create({ name: 'data', options: { type: 'disk' } }),
  ).rejects.toMatchObject({ code: 'name-taken' });
  const { mountpoint } = await runtime.volumes.create({ name: 'data' });
  expect(readdirSync(mountpoint)).toEqual(['kept']);
  expect(await runtime.volumes.create({ name: 'disk' })).toMatchObject({
    ...{ kind: 'disk', sizeBytes: 4, options: {} },
  });
});

test('files of a removed volume go, and the next volume of the name has none of them', async () => {
  const tiny = await tinyRuntime();
  const { runtime, home } = tiny;
  const context = contextOf(tiny);
  for (const name of ['data', 'other']) {
    const { mountpoint } = await runtime.volumes.create({ name });
    writeFileSync(join(mountpoint, 'file'), '');
    forget(context, name);
  }
  expect(context.database().volumes.removed()).toEqual(['data', 'other']);
  const { mountpoint } = await runtime.volumes.create({ name: 'data' });
  expect(readdirSync(mountpoint)).toEqual([]);
  expect(context.database().volumes.removed()).toEqual(['other']);
  await runtime.volumes.prune();
  expect(namesIn(home)).toEqual(['data']);
  expect(context.database().volumes.removed()).toEqual([]);
});

test('a volume that is being made is not swept away, and what is nobody’s is', async () => {
  const tiny = await tinyRuntime();
  const { runtime, home } = tiny;
  for (const name of ['.removed-1', 'left', 'begun']) leave(home, name);
  const lock = await lockVolume(contextOf(tiny), 'begun', 'create');
  await runtime.volumes.prune();
  expect(namesIn(home)).toEqual(['begun']);
  lock.release();
  await runtime.volumes.prune();
  expect(namesIn(home)).toEqual([]);
});

test('files that can’t be deleted are told, and keep nothing else from being removed', async () => {
  const { home } = await tinyRuntime();
  const notices: string[] = [];
  const onNotice = (message: string): void => void notices.push(message);
  const runtime = new BoxliteRuntime({ homeDir: home.root, accelerator: 'tcg', onNotice });
  onTestFinished(() => runtime.close());
  for (const name of ['aa', 'bb', 'cc']) await runtime.volumes.create({ name });
  leave(home, '.removed-1', 'stuck');
  await runtime.volumes.remove('cc');
  expect(notices).toEqual([expect.stringContaining('/.removed-1 (EPERM)')]);
  leave(home, 'aa', 'stuck');
  expect((await runtime.volumes.prune({ all: true })).removed).toEqual(['aa', 'bb']);
  expect(notices.slice(2)).toEqual([expect.stringContaining('aa: not allowed to remove')]);
  expect(namesIn(home)).toHaveLength(2);

  const box = await runtime.create({ ...OPTIONS, volumes: [{ guestPath: '/x' }] }, 'web');
  leave(home, (await box.info()).volumes?.[0]?.name ?? '', 'stuck');
  await runtime.remove('web', { volumes: true });
  expect(notices.at(-1)).toContain('files of the removed volume');
  await expect(runtime.volumes.create({ name: 'aa' })).resolves.toMatchObject({ name: 'aa' });
});

test('a removal on a full disk goes on where it stopped', async () => {
  const { runtime, home } = await tinyRuntime();
  await runtime.volumes.create({ name: 'data' });
  await runtime.create({ ...OPTIONS, volumes: [{ guestPath: '/x' }] }, 'web');
  host.isFull = true;
  await runtime.volumes.remove('data');
  expect(host.isFull).toBe(false);
  host.isFull = true;
  await runtime.remove('web', { volumes: true });
  expect(host.isFull).toBe(false);
  expect(namesIn(home)).toEqual([]);
});

test('a name is free while its former files are being deleted', async () => {
  const { runtime } = await tinyRuntime();
  await runtime.volumes.create({ name: 'data' });
  let made = 0;
  host.onDeletion = async () => {
    host.onDeletion = () => Promise.resolve();
    await runtime.volumes.create({ name: 'data' });
    made++;
  };
  await runtime.volumes.remove('data');
  expect(made).toBe(1);
  expect(await runtime.volumes.get('data')).toBeDefined();
});

test('what a killed removal of a box has left of its volumes goes with the next one', async () => {
  const tiny = await tinyRuntime();
  const { runtime, home } = tiny;
  const context = contextOf(tiny);
  const leaveOne = async (): Promise<void> => {
    const { name, mountpoint } = await runtime.volumes.create();
    writeFileSync(join(mountpoint, 'file'), '');
    forget(context, name);
  };
  await leaveOne();
  await runtime.create(OPTIONS, 'web');
  await runtime.remove('web');
  expect(namesIn(home)).toEqual([]);
  await leaveOne();
  await runtime.pruneBoxes();
  expect(namesIn(home)).toEqual([]);
});

test('another box’s volumes are taken as they are, and not made again', async () => {
  const tiny = await tinyRuntime();
  const { home } = tiny;
  const first = new BoxliteRuntime({ homeDir: home.root, accelerator: 'tcg', volumeType: 'disk' });
  onTestFinished(() => first.close());
  const volumes = [{ name: 'data', guestPath: '/x', options: { size: '1g' } }];
  await first.create({ ...OPTIONS, volumes }, 'one');
  const box = await tiny.runtime.create({ ...OPTIONS, volumesFrom: ['one'] }, 'two');
  expect((await tiny.runtime.volumes.get('data'))?.boxes).toContain(box.id);
  contextOf(tiny).database().run('DELETE FROM volume_uses');
  forget(contextOf(tiny), 'data');
  await expect(
    tiny.runtime.create({ ...OPTIONS, volumesFrom: ['one'] }, 'three'),
  ).rejects.toMatchObject({ code: 'volume-not-found' });
});

test('a box that gets no directory leaves neither itself nor its anonymous volumes', async () => {
  const { runtime, home } = await tinyRuntime();
  rmSync(home.boxes(), { recursive: true, force: true });
  writeFileSync(home.boxes(), '');
  await expect(
    runtime.create({ ...OPTIONS, volumes: [{ guestPath: '/x' }] }, 'web'),
  ).rejects.toBeInstanceOf(BoxliteError);
  expect(namesIn(home)).toEqual([]);
  expect(await runtime.volumes.list()).toEqual([]);
  expect(await runtime.exists('web')).toBe(false);
});

test('a new volume that is pruned before its box is recorded is made again', async () => {
  const context = contextOf(await tinyRuntime());
  const spec = boxSpec({ volumes: [{ name: 'new', guestPath: '/x' }] });
  let attempts = 0;
  const record = (): boolean => {
    if (++attempts > 1) return context.database().volumes.get('new') !== undefined;
    forget(context, 'new');
    throw new BoxliteError('volume-not-found', 'get new: no such volume');
  };
  expect(await withVolumes(context, spec, record)).toBe(true);
  expect(attempts).toBe(2);
});
