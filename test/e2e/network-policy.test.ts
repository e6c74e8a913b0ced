import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { BOXLITE, run } from '../helpers/cli.js';
import { Namespaces } from '../helpers/namespaces.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** What the test's name server gives for each name. */
const NAMES = {
  'git.test': ['203.0.113.5', '2001:db8::5'],
  'dns.test': ['203.0.113.5'],
  'alias.test': ['=real.other.test'],
  'real.other.test': ['203.0.113.6'],
  'a.wild.test': ['203.0.113.7'],
  'bad.wild.test': ['203.0.113.8'],
  'denied.test': ['203.0.113.9'],
  'unlisted.test': ['203.0.113.10'],
  'rebound.test': ['127.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', '::1'],
  'private.test': ['10.77.0.5'],
};

const PORT = 8001;
const OTHER_PORT = 8002;

/** Only root has namespaces: `host` is where boxlite runs, `world` is what its network leads to. */
describe.runIf(process.getuid?.() === 0)('a box’s policy', () => {
  let namespaces: Namespaces;

  const asked: string[] = [];
  const conf = (): string => join(home.path, 'resolv.conf');

  beforeAll(async () => {
    namespaces = new Namespaces();
    for (const name of ['host', 'world']) await namespaces.add(name);
    await namespaces.ip('host', 'link add wan type veth peer name wan netns @world');
    for (const [name, at] of [
      ['host', 1],
      ['world', 5],
    ] as const) {
      await namespaces.ip(name, 'link set wan up');
      for (const prefix of ['203.0.113.', '10.77.0.'])
        await namespaces.ip(name, `addr add ${prefix}${at}/24 dev wan`);
      // Alone on its network: what the host is on the same one with counts as private.
      await namespaces.ip(name, `addr add 2001:db8::${at}/128 dev wan nodad`);
      await namespaces.ip(name, 'route add 2001:db8::/64 dev wan');
      await namespaces.ip(name, `addr add fd77::${at}/64 dev wan nodad`);
    }
    for (const at of [6, 7, 8, 9, 10])
      await namespaces.ip('world', `addr add 203.0.113.${at}/24 dev wan`);
    await namespaces.ip('world', 'addr add 10.77.0.6/24 dev wan');
    const [peer, server] = [join(home.path, 'net-peer.mjs'), join(home.path, 'fake-dns.mjs')];
    await bundleHelper('net-peer', peer);
    await bundleHelper('fake-dns', server);
    const world = namespaces.peer('world', peer);
    const host = namespaces.peer('host', peer);
    for (const port of [PORT, OTHER_PORT])
      for (const address of ['0.0.0.0', '::']) await world.ask('listen', address, port, 'greet');
    await host.ask('listen', '127.0.0.1', PORT, 'greet');
    await host.ask('listen', '127.0.0.1', OTHER_PORT, 'greet');
    await host.ask('listen', '203.0.113.1', PORT, 'greet');
    await writeFile(conf(), 'nameserver 127.0.0.53\n');
    for (const [name, address] of [
      ['host', '127.0.0.53'],
      ['world', '0.0.0.0'],
    ] as const) {
      const dns = namespaces.spawn(name, process.execPath, server, address, JSON.stringify(NAMES));
      if (!dns.stdout) throw new Error('no output');
      const lines = createInterface({ input: dns.stdout });
      await once(lines, 'line');
      lines.on('line', (query) => asked.push(query));
    }
  });
  afterAll(() => namespaces.close());

  /** Runs a box of this policy in the namespace; returns what each command printed, by its text. */
  async function inBox(flags: string[], commands: string[]): Promise<Record<string, string>> {
    const script = commands.map((command) => `echo "$(${command})"`).join('\n');
    const { stdout, stderr, status } = await run(
      'nsenter',
      [
        ...[`--net=${namespaces.path('host')}`, 'unshare', '-m', 'sh', '-c'],
        ...[`mount --bind ${conf()} /etc/resolv.conf && exec "$@"`, 'sh', BOXLITE],
        ...['run', '--rm', ...flags, 'busybox', 'sh', '-c', script],
      ],
      { env: { HOME: home.path, BOXLITE_HOME: home.path } },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.toString().split('\n');
    return Object.fromEntries(commands.map((command, index) => [command, lines[index] ?? '']));
  }

  const reach = (target: string, port = PORT): string =>
    `nc -w 2 ${target} ${port} </dev/null 2>/dev/null`;
  /** The targets that answered. */
  async function reached(
    flags: string[],
    targets: (string | [string, number])[],
  ): Promise<string[]> {
    const commands = targets.map((target) => reach(...([target].flat() as [string, number])));
    const answers = await inBox(flags, commands);
    return targets
      .filter((_, index) => answers[commands[index] ?? ''] === 'reached')
      .map((target) => [target].flat().join(' '));
  }

  it('of listed names opens their addresses, and nothing else', async () => {
    const flags = [
      ...['git.test', '*.wild.test', 'alias.test', 'denied.test', 'rebound.test'].map(
        (rule) => `--allow-net=${rule}`,
      ),
      ...[`--allow-net=[2001:db8::1]:${PORT}`, '--deny-net=203.0.113.9'],
      ...['--deny-net=bad.wild.test', `--allow-host=${PORT}`],
    ];
    asked.length = 0;
    const closed = [
      ...['203.0.113.5', 'unlisted.test', '203.0.113.10', 'bad.wild.test', '203.0.113.8'],
      ...['denied.test', 'rebound.test', '127.0.0.1', '2001:db8::5', 'real.other.test'],
      ...['wild.test', '10.77.0.5', '169.254.169.254'],
      // Other spellings of the host's loopback, and of an address that is not listed.
      ...['0x7f000001', '2130706433', '0177.0.0.1', '::ffff:127.0.0.1', '0.0.0.0'],
      ...['3405803786', '0313.0.0161.012', '::ffff:203.0.113.10', '64:ff9b::cb00:710a'],
    ];
    expect(
      await reached(flags, [
        ...closed,
        'git.test',
        ['git.test', OTHER_PORT],
        '203.0.113.5 ',
        '2001:db8::5 ',
        'a.wild.test',
        'alias.test',
        '203.0.113.6',
        'host.boxlite.internal',
        'host.docker.internal',
        '10.0.2.2',
        ['10.0.2.2', OTHER_PORT],
      ]),
    ).toEqual([
      ...['git.test', `git.test ${OTHER_PORT}`, '203.0.113.5 ', '2001:db8::5 ', 'a.wild.test'],
      ...['alias.test', '203.0.113.6', 'host.boxlite.internal', 'host.docker.internal', '10.0.2.2'],
    ]);
    const kept = ['unlisted.test', 'bad.wild.test', 'real.other.test', 'wild.test'];
    expect(asked.filter((name) => kept.includes(name))).toEqual([]);
    expect(asked).toContain('rebound.test');
  });

  it('keeps what is not listed from being resolved, and holds for datagrams as for streams', async () => {
    /** The answer's flags and code, of a query for an address. */
    const query = (name: string): string => {
      const labels = name.split('.').map((label) => `\\\\${oct(label.length)}${label}`);
      const message = `\\\\000\\\\${oct(name.length + 18)}\\\\0\\\\1\\\\1\\\\0\\\\0\\\\1\\\\0\\\\0\\\\0\\\\0\\\\0\\\\0${labels.join('')}\\\\0\\\\0\\\\1\\\\0\\\\1`;
      return `{ printf ${message}; sleep 1; } | nc -w 2 10.0.2.3 53 | od -An -tx1 -j4 -N2`;
    };
    const [listed, unlisted] = [query('git.test'), query('unlisted.test')];
    const elsewhere = (server: string): string =>
      `nslookup -type=a a.wild.test ${server} 2>/dev/null | grep -c 203.0.113.7`;
    const [allowed, other] = [elsewhere('dns.test'), elsewhere('10.77.0.5')];
    const flags = ['--allow-net=git.test', '--allow-net=dns.test'];
    const answers = await inBox(flags, [listed, unlisted, allowed, other]);
    expect(answers[listed]?.trim()).toMatch(/^8. .0$/);
    expect(answers[unlisted]?.trim()).toMatch(/^8. .3$/);
    expect([answers[allowed], answers[other]]).toEqual(['1', '0']);
  });

  it('of the network public opens no private address, by no name, unless it is allowed', async () => {
    const open = ['git.test', '203.0.113.10', '3405803786', '2001:db8::5', '10.77.0.6'];
    const closed = ['10.77.0.5', 'fd77::5', 'rebound.test', '::ffff:10.77.0.5', '172818437'];
    const own = ['203.0.113.1', '2001:db8::1'];
    const flags = ['--network=public', '--allow-net=10.77.0.6', '--deny-net=203.0.113.9'];
    expect(
      await reached(flags, [...open, ...closed, ...own, 'private.test', 'denied.test']),
    ).toEqual(open);
  });

  it('of the network internal opens nothing but the host’s port, and shows in inspect', async () => {
    asked.length = 0;
    const flags = ['--network=internal', `--allow-host=${PORT}`, '--name', 'shut'];
    const targets = ['git.test', '203.0.113.5', '2001:db8::5', '10.77.0.5', '10.0.2.2'];
    expect(await reached(flags, [...targets, 'host.boxlite.internal'])).toEqual([
      '10.0.2.2',
      'host.boxlite.internal',
    ]);
    expect(asked).toEqual([]);
  });

  it('of the default network keeps the box from what is denied, by its protocol and port', async () => {
    const flags = [`--deny-net=203.0.113.0/29:${PORT}/tcp`, '--deny-net=2001:db8::/32'];
    expect(
      await reached(flags, [
        ...['git.test', '203.0.113.7', '203.0.113.8', '2001:db8::5', '10.77.0.5', 'fd77::5'],
        ...([['203.0.113.5', OTHER_PORT]] as [string, number][]),
      ]),
    ).toEqual(['203.0.113.8', '10.77.0.5', 'fd77::5', `203.0.113.5 ${OTHER_PORT}`]);
  });
});

describe('a policy', () => {
  it('shows in inspect and ps, and finds its box', async () => {
    const rules = ['--allow-net=10.9.9.9/8:80', '--deny-net=10.1.1.1', '--allow-host=5432'];
    await home.ok(['create', '--network=public', ...rules, '--name', 'listed', 'busybox', 'true']);
    const format = '{{.HostConfig.NetworkMode}} {{json .Boxlite.NetworkPolicy}}';
    expect(await home.ok(['inspect', '-f', format, 'listed'])).toBe(
      'public {"Allow":["10.0.0.0/8:80"],"Deny":["10.1.1.1"],"HostPorts":[5432],"Log":false}',
    );
    const list = ['ps', '-a', '--format', '{{.Names}} {{.Networks}}', '--filter'];
    expect(await home.ok([...list, 'network=public'])).toBe('listed public');
    expect(await home.ok([...list, 'network=default'])).toBe('');
    await home.ok(['rm', 'listed']);
  });

  it('changes while the box runs, and cuts what it shuts', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await home.ok(['run', '-d', '--log-net', '--name', 'changed', 'busybox', 'sleep', '1000']);
    const talk = `sleep 1000 | nc host.boxlite.internal ${port}`;
    const refused = ['exec', 'changed', 'nc', 'host.boxlite.internal', String(port)];
    expect((await home.boxlite(refused)).status).toBe(1);
    const change = ['network', 'policy', '--allow-host', String(port), 'changed'];
    await home.ok(change);
    const connected = once(server, 'connection') as Promise<[Socket]>;
    await home.ok(['exec', '-d', 'changed', 'sh', '-c', talk]);
    const [socket] = await connected;
    const cut = expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await home.ok(['network', 'policy', '--network=internal', `--remove=${port}`, 'changed']);
    await cut;
    expect((await home.boxlite(refused)).status).toBe(1);
    const log = await home.ok(['network', 'log', 'changed']);
    expect(log.split('\n').map((line) => line.slice(line.indexOf('Z') + 2))).toEqual([
      `denied  tcp 10.0.2.2:${port}`,
      `allowed tcp 10.0.2.2:${port}`,
      `denied  tcp 10.0.2.2:${port}`,
    ]);
    const policy = await home.ok(['network', 'policy', 'changed', '--format', 'json']);
    expect(JSON.parse(policy)).toMatchObject({ network: 'internal', hostPorts: [] });
    await home.ok(['rm', '-f', 'changed']);
  });
});

const oct = (value: number): string => value.toString(8);
