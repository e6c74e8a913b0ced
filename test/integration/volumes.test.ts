import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import type { BoxOptions } from '../../src/engine/spec/options.js';
import type { BoxliteEvent } from '../../src/engine/state/events.js';
import type { Home } from '../../src/host/home.js';
import { TINY, tinyRootfs, type TinyRuntime, tinyRuntime } from '../helpers/tiny-runtime.js';

const OPTIONS = { rootfs: { image: TINY } };
const HEX = /^[0-9a-f]{64}$/;

/** Besides the tiny image one that declares the volumes /data and /var/log. */
async function withImageVolumes(): Promise<TinyRuntime> {
  const tiny = await tinyRuntime();
  await tiny.runtime.importImage(tinyRootfs(), {
    reference: 'db',
    changes: ['CMD ["/bin/sh"]', 'VOLUME /data /var/log/'],
  });
  return tiny;
}

const DB = { rootfs: { image: 'db' } };

const namesIn = (home: Home): string[] =>
  existsSync(home.volumes()) ? readdirSync(home.volumes()).sort() : [];

async function eventsOf({ runtime }: TinyRuntime): Promise<string[]> {
  const events: BoxliteEvent[] = [];
  for await (const event of runtime.events({ since: new Date(0), until: new Date() }))
    if (event.type === 'volume') events.push(event);
  return events.map(({ action, actor, attributes }) => `${action} ${actor} ${attributes.driver}`);
}

describe('a volume', () => {
  test('is created once, with a directory that a box’s users may enter', async () => {
    const tiny = await tinyRuntime();
    const { runtime, home } = tiny;
    const before = process.umask(0o077);
    const data = await runtime.volumes.create({ name: 'data', labels: { a: 'b' } });
    process.umask(before);
    expect(data).toMatchObject({
      ...{ name: 'data', kind: 'shared', anonymous: false, labels: { a: 'b' }, boxes: [] },
      mountpoint: join(home.root, 'volumes/data/_data'),
    });
    expect(statSync(data.mountpoint).mode & 0o777).toBe(0o755);
    expect(statSync(home.volumes()).mode & 0o777).toBe(0o700);
    writeFileSync(join(data.mountpoint, 'kept'), '');
    expect(await runtime.volumes.create({ name: 'data' })).toEqual(data);
    expect(existsSync(join(data.mountpoint, 'kept'))).toBe(true);
    expect(await runtime.volumes.get('data')).toEqual(data);
    expect(await runtime.volumes.get('dat')).toBeUndefined();
    expect(await eventsOf(tiny)).toEqual(['create data local']);
  });

  test('without a name has one of its own', async () => {
    const { runtime } = await tinyRuntime();
    const volume = await runtime.volumes.create({ labels: { a: 'b' } });
    expect(volume).toMatchObject({
      name: expect.stringMatching(HEX) as string,
      anonymous: true,
      labels: { a: 'b', 'com.docker.volume.anonymous': '' },
    });
  });

  test('of another type than was asked for is not taken for it', async () => {
    const { runtime } = await tinyRuntime();
    await runtime.volumes.create({ name: 'data' });
    await expect(
      runtime.volumes.create({ name: 'data', options: { type: 'disk' } }),
    ).rejects.toMatchObject({
      code: 'name-taken',
      message: 'volume data exists with type=shared, not type=disk',
    });
  });

  test('is removed with its files, also those that their owner may not enter', async () => {
    const tiny = await tinyRuntime();
    const { runtime, home } = tiny;
    const { mountpoint } = await runtime.volumes.create({ name: 'data' });
    mkdirSync(join(mountpoint, 'shut'));
    writeFileSync(join(mountpoint, 'shut/file'), '');
    chmodSync(join(mountpoint, 'shut'), 0);
    await runtime.volumes.remove('data');
    expect(namesIn(home)).toEqual([]);
    expect(await runtime.volumes.list()).toEqual([]);
    await expect(runtime.volumes.remove('data')).rejects.toMatchObject({
      code: 'volume-not-found',
      message: 'get data: no such volume',
    });
    expect(await eventsOf(tiny)).toEqual(['create data local', 'destroy data local']);
  });

  test('that no box has goes with prune, those with names only if all are to go', async () => {
    const { runtime } = await tinyRuntime();
    const { name: nameless } = await runtime.volumes.create();
    await runtime.volumes.create({ name: 'data' });
    await runtime.volumes.create({ name: 'kept', labels: { keep: '' } });
    await runtime.create({ ...OPTIONS, volumes: [{ name: 'used', guestPath: '/x' }] });
    expect((await runtime.volumes.prune()).removed).toEqual([nameless]);
    const matches = ({ labels }: { labels: object }): boolean => !('keep' in labels);
    expect((await runtime.volumes.prune({ all: true, matches })).removed).toEqual(['data']);
    expect((await runtime.volumes.list()).map(({ name }) => name)).toEqual(['kept', 'used']);
  });
});

describe('a box', () => {
  test('has its volumes from its creation to its removal', async () => {
    const { runtime } = await tinyRuntime();
    const volumes = [{ name: 'data', guestPath: '/srv', readOnly: true }];
    const box = await runtime.create({ ...OPTIONS, volumes }, 'web');
    expect((await runtime.volumes.get('data'))?.boxes).toEqual([box.id]);
    expect((await box.info()).volumes).toEqual([
      { name: 'data', guestPath: '/srv', readOnly: true },
    ]);
    await expect(runtime.volumes.remove('data')).rejects.toMatchObject({
      code: 'volume-in-use',
      message: `remove data: volume is in use - [${box.id}]`,
    });
    await runtime.remove('web', { volumes: true });
    expect((await runtime.volumes.get('data'))?.boxes).toEqual([]);
  });

  test('gets an anonymous volume at each of its image’s, where it mounts nothing itself', async () => {
    const { runtime, home } = await withImageVolumes();
    const box = await runtime.create({ ...DB, tmpfs: [{ guestPath: '/data' }] }, 'db');
    const { volumes = [] } = await box.info();
    expect(volumes).toEqual([
      { name: expect.stringMatching(HEX) as string, guestPath: '/var/log', readOnly: false },
    ]);
    expect(namesIn(home)).toEqual([volumes[0]?.name]);
  });

  test('keeps its anonymous volumes from a plain removal alone', async () => {
    const { runtime, home } = await withImageVolumes();
    await runtime.create(DB, 'one');
    await runtime.remove('one');
    expect(namesIn(home)).toHaveLength(2);
    await runtime.volumes.prune();
    await runtime.create({ ...DB, volumes: [{ name: 'data', guestPath: '/data' }] }, 'two');
    await runtime.remove('two', { volumes: true });
    expect(namesIn(home)).toEqual(['data']);
    await runtime.create({ ...DB, autoRemove: true }, 'three');
    await runtime.remove('three');
    expect(namesIn(home)).toEqual(['data']);
  });

  test.each([
    { volumeType: undefined, anonymous: 'disk', named: 'shared' },
    { volumeType: 'shared', anonymous: 'shared', named: 'shared' },
    { volumeType: 'disk', anonymous: 'disk', named: 'disk' },
  ] as const)('has volumes of the kinds of $volumeType', async ({ volumeType, ...kinds }) => {
    const { home } = await withImageVolumes();
    const runtime = new BoxliteRuntime({
      ...{ homeDir: home.root, accelerator: 'tcg' },
      ...(volumeType && { volumeType }),
    });
    onTestFinished(() => runtime.close());
    const own = ['/a', '/b', '/c'].map((guestPath) => ({ guestPath }));
    await runtime.create({ ...DB, volumes: [{ name: 'data', guestPath: '/named' }, ...own] });
    const made = await runtime.volumes.list();
    const unnamed = made.filter(({ anonymous }) => anonymous).map(({ kind }) => kind);
    expect(made.find(({ name }) => name === 'data')?.kind).toBe(kinds.named);
    expect(unnamed).toHaveLength(5);
    const slots = kinds.named === 'disk' ? 3 : 4;
    const disks = unnamed.filter((kind) => kind === 'disk');
    expect(disks).toHaveLength(kinds.anonymous === 'disk' ? slots : 0);
  });

  test('leaves a slot for the kernel’s modules where it may load some', async () => {
    const { runtime } = await withImageVolumes();
    const own = ['/a', '/b', '/c'].map((guestPath) => ({ guestPath }));
    await runtime.create({ ...DB, volumes: own, capAdd: ['SYS_MODULE'] });
    const kinds = (await runtime.volumes.list()).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['disk', 'disk', 'disk', 'shared', 'shared']);
  });

  test('shares its mounts with others, whose own come first', async () => {
    const { runtime, home } = await withImageVolumes();
    const host = [{ hostPath: '/tmp', guestPath: '/host' }];
    const first = await runtime.create({ ...DB, volumes: host }, 'one');
    const [, data, log] = (await first.info()).volumes ?? [];
    const volumes = [{ name: 'mine', guestPath: '/data' }];
    const second = await runtime.create({ ...DB, volumes, volumesFrom: ['one:ro'] }, 'two');
    expect((await second.info()).volumes).toEqual([
      { name: 'mine', guestPath: '/data', readOnly: false },
      { hostPath: '/tmp', guestPath: '/host', readOnly: true },
      { ...log, readOnly: true },
    ]);
    await runtime.remove('one', { volumes: true });
    expect(namesIn(home)).toEqual([log?.name, 'mine'].sort());
    expect(data?.name).toMatch(HEX);
    await runtime.remove('two', { volumes: true });
    expect(namesIn(home)).toEqual(['mine']);
  });

  test('that names an anonymous volume leaves it', async () => {
    const { runtime, home } = await tinyRuntime();
    const { name } = await runtime.volumes.create();
    await runtime.create({ ...OPTIONS, volumes: [{ name, guestPath: '/x' }] }, 'web');
    await runtime.remove('web', { volumes: true });
    expect(namesIn(home)).toEqual([name]);
  });

  test.each<[string, BoxOptions, string, object]>([
    ...([
      ['whose name is taken', {}, 'taken', { code: 'name-taken' }],
      ['without its source', { volumesFrom: ['nobody'] }, 'x1', { code: 'box-not-found' }],
      ['with a bad mode', { volumesFrom: ['taken:rx'] }, 'x2', { message: 'invalid mode: rx' }],
      [
        'with a size that nothing keeps',
        { volumes: [{ name: 'big', guestPath: '/big', options: { size: '1g' } }] },
        ...(['x3', { code: 'unsupported' }] as const),
      ],
      [
        'with two mounts in one place',
        { volumes: ['a1', 'b1'].map((name) => ({ name, guestPath: '/x' })) },
        ...(['x4', { message: 'Duplicate mount point: /x' }] as const),
      ],
    ] as [string, BoxOptions, string, object][]),
  ])('%s leaves no anonymous volume behind', async (_what, more, name, expected) => {
    const { runtime, home } = await withImageVolumes();
    await runtime.create(OPTIONS, 'taken');
    await expect(runtime.create({ ...DB, ...more }, name)).rejects.toMatchObject(expected);
    expect(namesIn(home)).toEqual([]);
    expect((await runtime.listInfo()).map((box) => box.name)).toEqual(['taken']);
  });
});

test('inspect shows a box’s volumes as Docker does', async () => {
  const { runtime, home } = await withImageVolumes();
  const other = await runtime.create({ ...OPTIONS, volumes: [{ guestPath: '/old' }] }, 'other');
  const box = await runtime.create({
    ...DB,
    volumesFrom: ['other'],
    volumes: [
      { name: 'data', guestPath: '/data' },
      { name: 'ro', guestPath: '/ro', readOnly: true, noCopy: true },
      { guestPath: '/path' },
      { name: 'asked', guestPath: '/asked', labels: { a: 'b' }, noCopy: true, asMount: true },
      { guestPath: '/unnamed', asMount: true },
      { hostPath: '/tmp', guestPath: '/tmp', readOnly: true, asMount: true },
    ],
  });
  const { HostConfig, Config, Mounts } = await box.inspect();
  expect(HostConfig).toMatchObject({
    Binds: ['data:/data', 'ro:/ro:ro,nocopy'],
    VolumesFrom: ['other'],
    Mounts: [
      {
        ...{ Type: 'volume', Source: 'asked', Target: '/asked' },
        VolumeOptions: { NoCopy: true, Labels: { a: 'b' } },
      },
      { Type: 'volume', Target: '/unnamed' },
      { Type: 'bind', Source: '/tmp', Target: '/tmp', ReadOnly: true },
    ],
  });
  expect(Config.Volumes).toEqual({ '/data': {}, '/path': {}, '/var/log/': {} });
  const byPlace = new Map(
    (Mounts as { Destination: string }[]).map((each) => [each.Destination, each]),
  );
  const volume = { Type: 'volume', Driver: 'local', RW: true, Propagation: '' };
  expect(byPlace.get('/data')).toEqual({
    ...{ ...volume, Name: 'data', Destination: '/data', Mode: 'z' },
    Source: home.volumeData('data'),
  });
  expect(byPlace.get('/ro')).toMatchObject({ ...volume, RW: false, Mode: 'ro,nocopy' });
  expect(byPlace.get('/path')).toMatchObject({ ...volume, Mode: '' });
  expect(byPlace.get('/asked')).toMatchObject({ ...volume, Mode: 'z' });
  expect(byPlace.get('/var/log')).toMatchObject({ ...volume, Mode: '' });
  expect(byPlace.get('/tmp')).toMatchObject({ Type: 'bind', RW: false, Mode: '' });
  expect(byPlace.get('/old')).toMatchObject({
    ...{ ...volume, Mode: '' },
    Name: (await other.info()).volumes?.[0]?.name,
  });
});

test('a box’s volumes are part of what takes the disk', async () => {
  const { runtime } = await tinyRuntime();
  await runtime.create({ ...OPTIONS, volumes: [{ name: 'data', guestPath: '/x' }] });
  const { mountpoint } = await runtime.volumes.create({ name: 'other' });
  writeFileSync(join(mountpoint, 'file'), Buffer.alloc(100_000));
  const { volumes } = await runtime.diskUsage();
  expect(volumes.map(({ volume: { name, boxes } }) => [name, boxes.length])).toEqual([
    ...[
      ['data', 1],
      ['other', 0],
    ],
  ]);
  expect(volumes[1]?.bytes).toBeGreaterThan(100_000);
  expect(volumes[1]?.bytes).toBeLessThan(150_000);
});
