import { describe, expect, it } from 'vitest';
import { noSuchNetwork } from '../../../../../src/engine/networks/find.js';
import type { NetworkInfo } from '../../../../../src/engine/networks/info.js';
import { boxInfo, NOW, runCli } from '../../fake-world.js';

const member = (name: string, host: number, running = true) => ({
  ...{ id: `01kaz3v5h800000000000000${name.slice(0, 2)}`, name, running, aliases: [] },
  ...{ address: `172.18.0.${host}`, prefixLength: 16, address6: `fd01::${host}` },
  macAddress: `02:42:00:00:00:0${host}`,
});

const APP: NetworkInfo = {
  id: 'a1'.repeat(32),
  name: 'app',
  createdAt: new Date(NOW.getTime() - 90_000.5 * 1000),
  internal: false,
  subnets: [
    { subnet: '172.18.0.0/16', gateway: '172.18.0.1' },
    { subnet: 'fd01::/64', gateway: 'fd01::1' },
  ],
  auxAddresses: {},
  labels: { tier: 'b', app: 'a' },
  options: {},
  boxes: [member('web', 2), member('job', 3, false)],
};

const DB: NetworkInfo = {
  ...APP,
  id: 'b2'.repeat(32),
  name: 'db',
  createdAt: NOW,
  internal: true,
  subnets: [
    { subnet: '172.30.0.0/24', gateway: '172.30.0.1' },
    { subnet: 'fd02::/64', gateway: 'fd02::1' },
  ],
  ipRange: '172.30.0.128/25',
  auxAddresses: { router: '172.30.0.9', other: 'fd02::9' },
  labels: {},
  options: { 'com.docker.network.bridge.enable_icc': 'true' },
  boxes: [],
};

/** Notes what it is asked to do. */
function fakeEngine() {
  const calls: unknown[][] = [];
  const note =
    (verb: string, result?: unknown) =>
    (...args: unknown[]) => {
      calls.push([verb, ...args]);
      return Promise.resolve(result);
    };
  const networks = {
    list: () => Promise.resolve([APP, DB]),
    create: note('create', DB),
    connect: note('connect'),
    disconnect: note('disconnect'),
    prune: ({ matches }: { matches: (network: NetworkInfo) => boolean }) =>
      Promise.resolve([APP, DB].filter(matches).map(({ name }) => name)),
    remove: (name: string) => {
      calls.push(['remove', name]);
      return name === 'app' ? Promise.resolve() : Promise.reject(noSuchNetwork(name));
    },
  };
  const boxes = [
    boxInfo({ name: 'plain', network: 'default' }),
    boxInfo({ id: '01kaz3v5h8w2q6n9r4t7y1m0dy', name: 'alone', network: 'none' }),
    boxInfo({
      id: '01kaz3v5h8w2q6n9r4t7y1m0dz',
      name: 'old',
      network: 'default',
      status: 'stopped',
    }),
  ];
  return { engine: { networks, listInfo: () => Promise.resolve(boxes) }, calls };
}

async function run(...words: string[]) {
  const { engine, calls } = fakeEngine();
  return { ...(await runCli(['network', ...words], engine)), calls };
}

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

describe('network create', () => {
  it('prints the id', async () => {
    const { status, stdout, stderr, calls } = await run('create', 'app');
    expect([status, stdout, stderr]).toEqual([0, `${DB.id}\n`, '']);
    expect(calls).toEqual([
      [
        'create',
        {
          ...{ name: 'app', subnets: [], gateways: [], auxAddresses: {}, internal: false },
          ...{ labels: {}, options: {} },
        },
      ],
    ]);
  });

  it('passes on what it is told, several values of one flag with commas, too', async () => {
    const { calls } = await run(
      ...['create', '-d', 'bridge', '--subnet', '172.30.0.0/24,fd02::/64', '--gateway'],
      ...['172.30.0.1', '--ip-range', '172.30.0.128/25', '--aux-address', 'a=172.30.0.9'],
      ...['--internal', '--ipv6', '--attachable', '--label', 'x=y', '--label', 'z', '-o'],
      ...['com.docker.network.bridge.enable_icc=true', '--scope', 'local', '--ipam-driver'],
      ...['default', 'db'],
    );
    expect(calls).toEqual([
      [
        'create',
        {
          name: 'db',
          subnets: ['172.30.0.0/24', 'fd02::/64'],
          gateways: ['172.30.0.1'],
          ipRange: '172.30.0.128/25',
          auxAddresses: { a: '172.30.0.9' },
          internal: true,
          labels: { x: 'y', z: '' },
          options: { 'com.docker.network.bridge.enable_icc': 'true' },
        },
      ],
    ]);
  });

  it.each([
    [['-d', 'macvlan'], 'networks have the driver bridge, not macvlan'],
    [['--ipv6=false'], 'every network has addresses of IPv6'],
    [['--ip-range', '10.0.0.0/8,fd00::/8'], 'one range of addresses'],
    [['--config-only'], 'no configuration apart from itself'],
    [['--ingress'], 'boxes are of one machine'],
    [['--scope', 'swarm'], 'a network is of one machine'],
    [['--ipam-driver', 'dhcp'], 'addresses are chosen by BoxLite alone'],
  ])('with %j is refused', async (flags, reason) => {
    const { status, stdout, stderr, calls } = await run('create', ...flags, 'app');
    expect([status, stdout, calls]).toEqual([1, '', []]);
    expect(stderr).toContain(reason);
  });
});

describe('network ls', () => {
  it.each([
    [[], ['app bridge local', 'bridge bridge local', 'db bridge local', 'none null local']],
    [
      ['-f', 'type=custom'],
      ['app bridge local', 'db bridge local'],
    ],
    [['-f', 'type=builtin', '-f', 'driver=null'], ['none null local']],
    [
      ['-f', 'name=^d', '-f', 'name=on'],
      ['db bridge local', 'none null local'],
    ],
    [['-f', 'id=^a1'], ['app bridge local']],
    [['-f', 'label=app', '-f', 'label=tier=b'], ['app bridge local']],
    [['-f', 'dangling=true'], ['db bridge local']],
    [['-f', 'scope=swarm'], []],
  ])('with %j lists %j', async (flags, expected) => {
    const format = ['--format', '{{.Name}} {{.Driver}} {{.Scope}}'];
    const { status, stdout, stderr } = await run('ls', ...flags, ...format);
    expect([status, lines(stdout), stderr]).toEqual([0, expected, '']);
  });

  it('knows Docker’s other fields', async () => {
    const format = '{{.ID}} {{.IPv6}} {{.Internal}} {{.Labels}} {{.Label "tier"}} {{.CreatedAt}}';
    const { stdout } = await run('list', '-f', 'type=custom', '--format', format);
    expect(lines(stdout)).toEqual([
      'a1a1a1a1a1a1 true false app=a,tier=b b 2026-11-23 10:59:59.5 +0000 UTC',
      'b2b2b2b2b2b2 true true   2026-11-24 12:00:00 +0000 UTC',
    ]);
  });

  it.each([
    [['color=red'], "invalid filter 'color'"],
    [['type=x'], "invalid filter 'type=x'"],
    [['scope=x'], "invalid filter 'scope=x'"],
    [['dangling=x'], "invalid filter 'dangling=x'"],
    [['name=['], "invalid filter 'name=['"],
  ])('with the filter %j is refused', async ([filter = ''], reason) => {
    const { status, stdout, stderr } = await run('ls', '-f', filter);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(reason);
  });
});

describe('network inspect', () => {
  const inspected = async (...names: string[]) => {
    const { stdout } = await run('inspect', ...names);
    return JSON.parse(stdout) as Record<string, unknown>[];
  };

  it('lists the boxes that run, and the range and addresses beside their subnet', async () => {
    const [app, db] = await inspected('app', 'b2b2');
    expect(app).toMatchObject({
      Name: 'app',
      Id: APP.id,
      Containers: {
        '01kaz3v5h800000000000000we': {
          Name: 'web',
          MacAddress: '02:42:00:00:00:02',
          IPv4Address: '172.18.0.2/16',
          IPv6Address: 'fd01::2/64',
        },
      },
      Labels: { app: 'a', tier: 'b' },
    });
    expect(Object.keys(app?.Containers ?? {})).toHaveLength(1);
    expect(db).toMatchObject({
      Internal: true,
      IPAM: {
        Config: [
          {
            ...{ Subnet: '172.30.0.0/24', IPRange: '172.30.0.128/25', Gateway: '172.30.0.1' },
            AuxiliaryAddresses: { router: '172.30.0.9' },
          },
          {
            ...{ Subnet: 'fd02::/64', Gateway: 'fd02::1' },
            AuxiliaryAddresses: { other: 'fd02::9' },
          },
        ],
      },
      Containers: {},
    });
  });

  it.each(['bridge', 'default'])('shows as %s who has a way out of its own', async (name) => {
    const [bridge] = await inspected(name);
    expect(bridge).toMatchObject({
      Name: 'bridge',
      IPAM: { Config: [{ Subnet: '10.0.2.0/24', Gateway: '10.0.2.2' }, {}] },
    });
    expect(Object.values(bridge?.Containers ?? {})).toMatchObject([
      { Name: 'plain', IPv4Address: '10.0.2.15/24' },
    ]);
  });

  it('takes a template that sees Go’s values', async () => {
    const format =
      '{{.ID}} {{(index .IPAM.Config 0).Subnet}} {{range .Containers}}{{.Name}}{{end}}';
    const { stdout } = await run('inspect', '-v', '-f', format, 'app');
    expect(stdout).toBe(`${APP.id} 172.18.0.0/16 web\n`);
  });

  it('shows what it finds, and then fails for what it does not', async () => {
    const { status, stdout, stderr } = await run('inspect', 'app', 'nobody', '');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/network nobody not found[^]*network "" not found/);
  });
});

describe('network rm', () => {
  it('prints each name, and goes on after one that is missing', async () => {
    const { status, stdout, stderr, calls } = await run('rm', 'nobody', 'app');
    expect([status, stdout]).toEqual([1, 'app\n']);
    expect(stderr).toBe(
      'boxlite: network nobody not found\nsee all networks with `boxlite network ls`\n',
    );
    expect(calls).toEqual([
      ['remove', 'nobody'],
      ['remove', 'app'],
    ]);
  });

  it('takes a missing one for no error with -f', async () => {
    const { status, stdout, stderr } = await run('remove', '-f', 'nobody', 'app');
    expect([status, stdout, stderr]).toEqual([0, 'app\n', '']);
  });

  it.each([
    ['bridge', 'bridge'],
    ['none', 'none'],
    ['bridge', 'fd26777bd8f0'],
  ])('keeps %s, called %s', async (name, given) => {
    const { status, stderr, calls } = await run('rm', '-f', given);
    expect([status, calls]).toEqual([1, []]);
    expect(stderr).toContain(`${name} is a pre-defined network and cannot be removed`);
  });
});

describe('network prune', () => {
  it.each([
    [[], ['app', 'db']],
    [['--filter', 'until=1h'], ['app']],
    [['--filter', 'label!=app'], ['db']],
  ])('with %j removes %j', async (flags, names) => {
    const { status, stdout, stderr } = await run('prune', '-f', ...flags);
    const expected = `Deleted Networks:\n${names.join('\n')}\n\n`;
    expect([status, stdout, stderr]).toEqual([0, expected, '']);
  });

  it('knows nothing that dangles', async () => {
    const { status, stderr } = await run('prune', '-f', '--filter', 'dangling=true');
    expect(status).toBe(1);
    expect(stderr).toContain('only images can be dangling');
  });
});

describe('network connect and disconnect', () => {
  it('pass on what the box is to have', async () => {
    const { status, stdout, stderr, calls } = await run(
      ...['connect', '--ip', '172.18.0.9', '--ip6', 'fd01::9', '--alias', 'a', '--alias', 'b'],
      ...['app', 'web'],
    );
    expect([status, stdout, stderr]).toEqual([0, '', '']);
    expect(calls).toEqual([
      ['connect', 'app', 'web', { ip: '172.18.0.9', ip6: 'fd01::9', aliases: ['a', 'b'] }],
    ]);
  });

  it('take a box out', async () => {
    const { status, stdout, calls } = await run('disconnect', '-f', 'app', 'web');
    expect([status, stdout, calls]).toEqual([
      0,
      '',
      [['disconnect', 'app', 'web', { force: true }]],
    ]);
  });

  it.each([
    [['--link', 'db'], 'give it another one by --alias'],
    [['--driver-opt', 'a=b'], 'an attachment has no options'],
  ])('with %j are refused', async (flags, reason) => {
    const { status, stderr, calls } = await run('connect', ...flags, 'app', 'web');
    expect([status, calls]).toEqual([1, []]);
    expect(stderr).toContain(reason);
  });
});
