import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attachmentForStart } from '../../src/engine/networks/memberships.js';
import { openEngine } from '../../src/engine/open-engine.js';
import type { BoxOptions } from '../../src/engine/spec/options.js';
import type { Home } from '../../src/host/home.js';
import { Database } from '../../src/store/database.js';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { giveShim, TINY, type TinyRuntime, tinyRuntime } from '../helpers/tiny-runtime.js';
import { race } from '../helpers/waiting-process.js';

const OPTIONS = { rootfs: { image: TINY } };
const SUBNETS = ['172.30.0.0/16', 'fd00:30::/64'];

/** A home with the network `app` of those subnets. */
async function withApp(): Promise<TinyRuntime & { networkId: string }> {
  const tiny = await tinyRuntime();
  const { id } = await tiny.runtime.networks.create({ name: 'app', subnets: SUBNETS });
  return { ...tiny, networkId: id };
}

const inApp = (more: BoxOptions = {}): BoxOptions => ({ ...OPTIONS, network: 'app', ...more });

describe('a network', () => {
  test('is found by name, id and prefix, and listed by name', async () => {
    const { runtime } = await tinyRuntime();
    const app = await runtime.networks.create({ name: 'app', internal: true, labels: { a: 'b' } });
    await runtime.networks.create({ name: 'Api' });
    expect(app).toMatchObject({ name: 'app', internal: true, labels: { a: 'b' }, boxes: [] });
    expect(app.id).toMatch(/^[0-9a-f]{64}$/);
    expect(Date.now() - app.createdAt.getTime()).toBeLessThan(60_000);
    for (const by of ['app', app.id, app.id.slice(0, 12).toUpperCase()])
      expect(await runtime.networks.get(by)).toEqual(app);
    expect(await runtime.networks.get('ap')).toBeUndefined();
    expect((await runtime.networks.list()).map(({ name }) => name)).toEqual(['Api', 'app']);
    await expect(runtime.networks.get('')).resolves.toBeUndefined();
  });

  test('has a name and a subnet of its own', async () => {
    const { runtime } = await withApp();
    await expect(runtime.networks.create({ name: 'app' })).rejects.toMatchObject({
      code: 'name-taken',
      message: 'network with name app already exists',
    });
    await expect(
      runtime.networks.create({ name: 'other', subnets: ['172.30.5.0/24'] }),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'Pool overlaps with other one on this address space',
    });
  });

  test('tells who is in it', async () => {
    const { runtime } = await withApp();
    const web = await runtime.create(
      inApp({ macAddress: '02:00:00:00:00:07', networks: [] }),
      'web',
    );
    await runtime.networks.disconnect('app', 'web');
    await runtime.networks.connect('app', 'web', { ip: '172.30.0.9', aliases: ['www'] });
    expect((await runtime.networks.get('app'))?.boxes).toEqual([
      {
        ...{ id: web.id, name: 'web', running: false, aliases: ['www'] },
        ...{ address: '172.30.0.9', prefixLength: 16, address6: 'fd00:30::9' },
        macAddress: '02:00:00:00:00:07',
      },
    ]);
  });

  test('that nothing is in goes with prune, and no other', async () => {
    const { runtime, home } = await withApp();
    const young = await runtime.networks.create({ name: 'young' });
    const old = await runtime.networks.create({ name: 'old' });
    mkdirSync(home.network(old.id), { recursive: true });
    await runtime.create(inApp());
    expect(await runtime.networks.prune({ matches: ({ id }) => id !== young.id })).toEqual(['old']);
    expect(existsSync(home.network(old.id))).toBe(false);
    expect((await runtime.networks.list()).map(({ name }) => name)).toEqual(['app', 'young']);
  });

  test.each([
    ['rm', (runtime: TinyRuntime['runtime']) => runtime.networks.remove('app')],
    ['prune', (runtime: TinyRuntime['runtime']) => runtime.networks.prune()],
  ])('whose removal was killed leaves nothing after the next %s', async (_verb, remove) => {
    const { runtime, home, networkId } = await withApp();
    const { id: kept } = await runtime.networks.create({ name: 'kept' });
    await runtime.create({ ...OPTIONS, network: 'kept' });
    const left = home.network('7e'.repeat(32));
    for (const each of [left, home.network(kept), home.network(networkId)])
      mkdirSync(each, { recursive: true });
    writeFileSync(join(left, 'hub.log'), '');
    await remove(runtime);
    expect(readdirSync(home.networks())).toEqual([kept]);
  });

  test.each(['bridge', 'default', 'none', 'host'])('called %s is not removed', async (name) => {
    const { runtime } = await tinyRuntime();
    await expect(runtime.networks.remove(name)).rejects.toMatchObject({
      message: `${name} is a pre-defined network and cannot be removed`,
    });
  });
});

describe('a box', () => {
  test('has its addresses from its creation to its removal', async () => {
    const { runtime, networkId } = await withApp();
    const one = await runtime.create(inApp(), 'one');
    const two = await runtime.create(inApp(), 'two');
    expect((await one.info()).networks).toEqual([
      {
        ...{ id: networkId, name: 'app', aliases: [] },
        ...{ address: '172.30.0.2', address6: 'fd00:30::2' },
      },
    ]);
    expect((await two.info()).networks?.[0]?.address).toBe('172.30.0.3');
    expect((await runtime.listInfo()).map((box) => box.networks?.[0]?.address6)).toEqual([
      ...['fd00:30::3', 'fd00:30::2'],
    ]);
    await runtime.remove('one');
    const three = await runtime.create(inApp(), 'three');
    expect((await three.info()).networks?.[0]?.address).toBe('172.30.0.2');
  });

  test('that could not be attached is not created', async () => {
    const { runtime } = await withApp();
    await runtime.create(inApp({ networks: [] }), 'one');
    const create = (more: BoxOptions) => runtime.create({ ...OPTIONS, ...more }, 'two');
    await expect(create({ networks: [{ name: 'app', ip: '172.30.0.2' }] })).rejects.toMatchObject({
      code: 'address-in-use',
      message: 'Address already in use: box one has 172.30.0.2 in network app',
    });
    await expect(create({ network: 'nope' })).rejects.toMatchObject({
      code: 'network-not-found',
      message: 'network nope not found',
    });
    await runtime.networks.create({ name: 'quiet', internal: true });
    await expect(create({ network: 'quiet', allowNet: ['example.com'] })).rejects.toThrow(
      'network quiet is internal: a box in it has no way out, so nothing can be allowed',
    );
    expect((await runtime.listInfo()).map(({ name }) => name)).toEqual(['one']);
    expect((await runtime.networks.get('app'))?.boxes).toHaveLength(1);
  });

  test('is connected and disconnected, with a reason where it can’t be', async () => {
    const { runtime } = await withApp();
    const { networks } = runtime;
    await runtime.create(OPTIONS, 'web');
    await networks.connect('app', 'web');
    await expect(networks.connect('app', 'web')).rejects.toMatchObject({
      message: 'endpoint with name web already exists in network app',
    });
    await networks.disconnect('app', 'web');
    await expect(networks.disconnect('app', 'web')).rejects.toMatchObject({
      message: 'container web is not connected to network app',
    });
    await expect(networks.disconnect('nope', 'web')).rejects.toMatchObject({
      code: 'network-not-found',
    });
    await expect(networks.connect('app', 'nope')).rejects.toMatchObject({ code: 'box-not-found' });
    await expect(networks.connect('bridge', 'web')).rejects.toThrow('which is not shared');
    await runtime.create({ ...OPTIONS, network: 'none' }, 'alone');
    await expect(networks.connect('app', 'alone')).rejects.toThrow('private (none) mode');
    await networks.create({ name: 'quiet', internal: true });
    await runtime.create({ ...OPTIONS, allowNet: ['example.com'] }, 'listed');
    await expect(networks.connect('quiet', 'listed')).rejects.toThrow('network quiet is internal');
    expect((await networks.get('quiet'))?.boxes).toEqual([]);
  });

  test('that runs keeps its network, and one that does not loses it until its start', async () => {
    const tiny = await withApp();
    const { runtime, home } = tiny;
    const { id } = await runtime.create(inApp(), 'web');
    running(home, id);
    await giveShim(home, id, (peer) => void peer.welcome());
    await expect(runtime.networks.remove('app')).rejects.toMatchObject({
      code: 'network-in-use',
      message: 'error while removing network: network app has active endpoints (box web)',
    });
    expect(await runtime.networks.prune()).toEqual([]);
    const { id: stopped } = await runtime.create({ ...OPTIONS, network: 'app' }, 'job');
    await runtime.networks.create({ name: 'other' });
    await runtime.networks.connect('other', 'job');
    await runtime.networks.remove('other');
    expect(() => startOf(home, stopped)).toThrow(
      expect.objectContaining({ code: 'network-not-found', message: 'network other not found' }),
    );
    // A new one of that name is another network.
    await runtime.networks.create({ name: 'other' });
    expect(() => startOf(home, stopped)).toThrow('network other not found');
    await runtime.networks.connect('other', 'job');
    expect(startOf(home, stopped).links).toHaveLength(2);
  });

  test('leaves a network that has been removed', async () => {
    const { runtime, home } = await withApp();
    const box = await runtime.create(inApp(), 'web');
    await runtime.networks.remove('app');
    await runtime.networks.disconnect('app', 'web');
    expect((await box.info()).networks).toEqual([]);
    expect(startOf(home, box.id)).toMatchObject({ links: [], addresses: { address: '10.0.2.15' } });
  });

  test('that does not run is found by its new name from its next start on', async () => {
    const { runtime, home } = await withApp();
    const box = await runtime.create(inApp(), 'web');
    await box.rename('api');
    expect(startOf(home, box.id).links[0]?.names).toEqual(['api.app', 'api', box.id.slice(0, 12)]);
    expect(existsSync(home.networks())).toBe(true);
  });
});

test('inspect shows a box’s networks as Docker does', async () => {
  const { runtime, home, networkId } = await withApp();
  await runtime.networks.create({ name: 'back', subnets: ['10.9.0.0/24', 'fd00:9::/64'] });
  const networks = [{ name: 'back' }, { name: 'app', ip: '172.30.0.7', aliases: ['www'] }];
  const box = await runtime.create(
    { ...OPTIONS, networks, macAddress: '02:00:00:00:00:07' },
    'web',
  );
  const stopped = await box.inspect();
  expect(stopped.HostConfig.NetworkMode).toBe('back');
  expect(stopped.NetworkSettings).toMatchObject({
    IPAddress: '',
    Networks: { app: { IPAddress: '', EndpointID: '', NetworkID: networkId } },
  });
  running(home, box.id);
  await giveShim(home, box.id, (peer) => void peer.welcome());
  const { NetworkSettings } = await box.inspect();
  // Docker fills these for its default network alone.
  expect(NetworkSettings).toMatchObject({ IPAddress: '', Gateway: '', MacAddress: '' });
  expect(Object.keys(NetworkSettings.Networks as object)).toEqual(['app', 'back']);
  expect(NetworkSettings.Networks).toMatchObject({
    app: {
      IPAMConfig: { IPv4Address: '172.30.0.7' },
      Aliases: ['www'],
      NetworkID: networkId,
      EndpointID: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      ...{ IPAddress: '172.30.0.7', IPPrefixLen: 16, Gateway: '' },
      ...{ GlobalIPv6Address: 'fd00:30::7', GlobalIPv6PrefixLen: 64, IPv6Gateway: '' },
      MacAddress: '02:00:00:00:00:07',
      DNSNames: ['web', 'www', box.id.slice(0, 12)],
    },
    back: { IPAMConfig: null, Aliases: null, IPAddress: '10.9.0.2', Gateway: '10.9.0.1' },
  });
});

test('events tell of networks, and of boxes that join and leave them', async () => {
  const { runtime, home, networkId } = await withApp();
  const box = await runtime.create(inApp(), 'web');
  running(home, box.id);
  // Nobody is there to hold it: it has ended.
  await (await runtime.get('web'))?.info();
  await runtime.remove('web');
  await runtime.networks.remove('app');
  const seen: string[] = [];
  for await (const { type, action, actor, attributes } of runtime.events({ until: new Date() })) {
    if (type === 'network') {
      expect(actor).toBe(networkId);
      expect(attributes).toMatchObject({ name: 'app', type: 'bridge' });
    }
    seen.push(`${type} ${action}${attributes.container === box.id ? ' web' : ''}`);
  }
  expect(seen.filter((each) => !each.startsWith('image'))).toEqual([
    ...['network create', 'container create', 'container die', 'network disconnect web'],
    ...['container destroy', 'network destroy'],
  ]);
});

describe('of processes that act at once', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'boxlite-networks-'));
  const program = join(scratch, 'engine-process.mjs');

  beforeAll(() => bundleHelper('engine-process', program, 'external'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test('each gets a subnet of its own', async () => {
    const { home } = await tinyRuntime();
    const names = ['a', 'b', 'c', 'd'];
    const subnets = await race(
      program,
      names.map((name) => [home.root, 'network-create', name]),
    );
    expect(new Set(subnets).size).toBe(4);
  });

  test('one makes a network of a name, and one gets an address', async () => {
    const { home } = await tinyRuntime();
    const made = await race(program, Array<string[]>(3).fill([home.root, 'network-create', 'app']));
    expect(made.filter((each) => each === 'name-taken')).toHaveLength(2);
    const [subnet = ''] = made.filter((each) => each !== 'name-taken') as string[];
    const ip = subnet.replace('.0.0/16', '.0.9');
    const asked = await race(program, Array<string[]>(3).fill([home.root, 'create-in', 'app', ip]));
    expect(asked.sort()).toEqual([ip, 'address-in-use', 'address-in-use'].sort());
  });

  test('one gets the last address, and the others are told that there is none', async () => {
    const { home, runtime } = await tinyRuntime();
    await runtime.networks.create({ name: 'small', subnets: ['10.9.0.0/29'] });
    for (let count = 0; count < 3; count++) await runtime.create({ ...OPTIONS, network: 'small' });
    const last = await race(program, Array<string[]>(3).fill([home.root, 'create-in', 'small']));
    expect(last.sort()).toEqual(['10.9.0.5', 'network-full', 'network-full']);
  });
});

/** What the box's start would be given. */
function startOf(home: Home, id: string) {
  const { context } = openEngine({ homeDir: home.root });
  const record = context.database().boxes.get(id);
  if (record === undefined) throw new Error('the box is gone');
  return attachmentForStart(context, record);
}

/** Records that the box runs. */
function running(home: Home, id: string): void {
  using database = Database.open(home);
  database.boxes.transition(id, ['configured'], 'running', { startedAt: Date.now() });
}
