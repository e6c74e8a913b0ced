import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { Namespaces, type Peer } from '../helpers/namespaces.js';

const run = promisify(execFile);
const native = join(import.meta.dirname, '../../native');
const MIB = 64;
const USER = 54_321;

/** A port of the box that something listens at behind each host's port; nothing listens at 81. */
const PUBLISHED = {
  take: [8001, 9001],
  give: [8002, 9002],
  echo: [8003, 9003],
  reset: [8004, 9004],
} as const;
const HOSTS = ['127.0.0.1', '::1', '192.0.2.1', '2001:db8::1'] as const;
const OTHERS = ['192.0.2.2', '2001:db8::2'] as const;

let home: string;
let namespaces: Namespaces;
let box: Peer, host: Peer, other: Peer;
let pid: string;

/**
 * boxlite-net between stacks of Linux: a namespace is the box, one the host, one another host beside that. Fails
 * where /dev/net/tun or root's rights are missing.
 */
beforeAll(async () => {
  await access('/dev/net/tun');
  home = await mkdtemp(join(tmpdir(), 'boxlite-net-'));
  const program = join(home, 'net-peer.mjs');
  await Promise.all([
    run('make', ['-s', '-C', native, 'build/boxlite-net', 'build/test/net/fake-box']),
    bundleHelper('net-peer', program),
  ]);
  namespaces = new Namespaces();
  for (const name of ['box', 'host', 'other']) await namespaces.add(name);
  await connectHosts();
  pid = await startBox();
  box = namespaces.peer('box', program);
  host = namespaces.peer('host', program);
  other = namespaces.peer('other', program);
  for (const [act, [, port]] of Object.entries(PUBLISHED))
    for (const any of ['0.0.0.0', '::'])
      await box.ask('listen', any, port, act as keyof typeof PUBLISHED);
}, 120_000);

afterAll(async () => {
  await namespaces.close();
  await rm(home, { recursive: true, force: true });
});

async function connectHosts(): Promise<void> {
  await namespaces.ip('host', 'link add wan type veth peer name wan netns @other');
  for (const [name, at] of [
    ['host', 1],
    ['other', 2],
  ] as const) {
    await namespaces.ip(name, `addr add 192.0.2.${at}/24 dev wan`);
    await namespaces.ip(name, `addr add 2001:db8::${at}/64 dev wan nodad`);
    await namespaces.ip(name, 'link set wan up');
  }
  await namespaces.ip('host', 'addr add 198.51.100.7/32 dev lo');
  await namespaces.ip('other', 'addr add 169.254.169.254/32 dev wan');
  await namespaces.ip('host', 'route add 169.254.169.254 dev wan');
  // Of this namespace: ping(8) without rights, for IPv6 as well.
  await setKernel('host', 'ipv4/ping_group_range', `${USER} ${USER}`);
}

const setKernel = (namespace: string, key: string, value: string): Promise<string> =>
  namespaces.run(namespace, 'sh', '-c', `echo ${value} > /proc/sys/net/${key}`);

/** @returns boxlite-net's process id */
async function startBox(): Promise<string> {
  const ports = HOSTS.flatMap((at) => [
    ...Object.values(PUBLISHED).map(([port, inBox]) => `tcp,${at},${port},${inBox}`),
    `tcp,${at},8081,81`,
    `udp,${at},8005,9005`,
  ]);
  const fake = namespaces.spawn(
    'host',
    join(native, 'build/test/net/fake-box'),
    join(native, 'build/boxlite-net'),
    namespaces.path('box'),
    String(USER),
    '53',
    ...ports,
  );
  if (!fake.stdout) throw new Error('no output');
  const [line] = (await once(fake.stdout, 'data')) as [Buffer];
  // A guest of ours asks for no router, either.
  await setKernel('box', 'ipv6/conf/eth0/accept_ra', '0');
  await namespaces.ip('box', 'link set eth0 address 02:42:00:00:00:01 mtu 65520 up');
  await namespaces.ip('box', 'addr add 10.0.2.15/24 dev eth0');
  await namespaces.ip('box', 'addr add fd62:6f78:6c74::15/64 dev eth0 nodad');
  await namespaces.ip('box', 'route add default via 10.0.2.2');
  await namespaces.ip('box', '-6 route add default via fd62:6f78:6c74::2');
  return line.toString().trim();
}

describe('boxlite-net', () => {
  it('is small', async () => {
    expect(await memoryKib()).toBeLessThan(3 * 1024);
  });

  it('is small again and sleeps when no connection is left', async () => {
    const port = await other.ask('echoDatagrams', OTHERS[0], 0);
    expect(await box.ask('datagrams', OTHERS[0], port, [1000])).toEqual([1000]);
    const idle = await descriptors();
    expect(await host.ask('burst', '127.0.0.1', PUBLISHED.echo[0], 1000)).toBe(1000);
    expect(await host.ask('exchange', '::1', PUBLISHED.take[0], 1)).toEqual(
      await box.ask('received'),
    );
    expect(await descriptors()).toBeGreaterThan(idle);
    await expect.poll(descriptors).toBe(idle);
    await expect.poll(() => readFile(`/proc/${pid}/status`, 'utf8')).toContain('\nState:\tS');
    // A second behind the last connection it gives the memory of them back.
    await expect.poll(switchesIn3Seconds, { timeout: 20_000 }).toBe(0);
    expect(await memoryKib()).toBeLessThan(3 * 1024);
  });
});

describe('connections', () => {
  it.each(OTHERS)('of a box to %s carry every byte both ways, and end half by half', async (at) => {
    const take = await other.ask('listen', at, 0, 'take');
    const give = await other.ask('listen', at, 0, 'give');
    expect(await box.ask('exchange', at, take, MIB)).toEqual(await other.ask('received'));
    const [sent, received] = await box.ask('exchangeLate', at, give, 8);
    await expect.poll(() => other.ask('received')).toEqual([received, sent]);
    expect(received.bytes).toBe(8 << 20);
  });

  it.each(['127.0.0.1', '2001:db8::1'])('to a port published at %s do the same', async (at) => {
    const client = at.startsWith('192') || at.startsWith('2001') ? other : host;
    expect(await client.ask('exchange', at, PUBLISHED.take[0], MIB)).toEqual(
      await box.ask('received'),
    );
    const [sent, received] = await client.ask('exchangeLate', at, PUBLISHED.give[0], 8);
    await expect.poll(() => box.ask('received')).toEqual([received, sent]);
  });

  it.each(HOSTS)('are reset at once where nothing listens behind %s', async (at) => {
    const begun = performance.now();
    expect(await host.ask('reach', at, 8081)).toBe('ECONNRESET');
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it.each(HOSTS)('that a box resets are reset for who came to %s', async (at) => {
    expect(await host.ask('reach', at, PUBLISHED.reset[0])).toBe('ECONNRESET');
  });

  it.each(OTHERS)('that %s resets or refuses are so for a box', async (at) => {
    const port = await other.ask('listen', at, 0, 'reset');
    expect(await box.ask('reach', at, port)).toBe('ECONNRESET');
    expect(await box.ask('reach', at, 9)).toBe('ECONNREFUSED');
  });
});

describe('datagrams', () => {
  const sizes = [1, 1000, 1472, 9000, 65_000];

  it.each(OTHERS)('of a box to %s come back', async (at) => {
    const port = await other.ask('echoDatagrams', at, 0);
    expect(await box.ask('datagrams', at, port, sizes)).toEqual(sizes);
  });

  it('to a published port come back, from clients here and elsewhere by turns', async () => {
    await box.ask('echoDatagrams', '10.0.2.15', 9005);
    await box.ask('echoDatagrams', 'fd62:6f78:6c74::15', 9005);
    for (let turn = 0; turn < 2; turn++)
      for (const at of HOSTS) {
        const client = at.startsWith('192') || at.startsWith('2001') ? other : host;
        expect(await client.ask('datagrams', at, 8005, sizes), at).toEqual(sizes);
      }
  });
});

it.each([...OTHERS, '10.0.2.2', '10.0.2.3', 'fd62:6f78:6c74::2', 'fd62:6f78:6c74::3'])(
  'a box pings %s',
  async (at) => {
    expect(await namespaces.run('box', 'ping', '-c', '2', '-i', '0.2', '-W', '5', at)).toContain(
      ' 0% packet loss',
    );
  },
);

describe('what the host keeps to itself', () => {
  it('is out of reach by every name of its loopback', async () => {
    for (const any of ['0.0.0.0', '::']) await host.ask('listen', any, 7000, 'greet');
    // The way of a box to the host's own addresses is open, so the listener is there.
    expect(await box.ask('reach', '192.0.2.1', 7000)).toBe('reached');
    expect(await box.ask('reach', '2001:db8::1', 7000)).toBe('reached');
    // What leads to the box's own loopback is routed out of it here, as a box with rights can do.
    for (const at of ['127.0.0.0/8', '0.0.0.0/8'])
      await namespaces.ip('box', `route add ${at} via 10.0.2.2 table 7`);
    await namespaces.ip('box', 'rule add pref 1 to 127.0.0.2 table 7');
    const kept = ['10.0.2.2', '10.0.2.3', '198.51.100.7', '127.0.0.2', '0.0.0.2'];
    const kept6 = ['fd62:6f78:6c74::2', 'fd62:6f78:6c74::3', '::127.0.0.1', '64:ff9b::7f00:1'];
    for (const at of [...kept, ...kept6, '2002:7f00:1::1'])
      expect(await box.ask('reach', at, 7000), at).toBe('ECONNREFUSED');
    // These name the box itself.
    for (const at of [
      '127.0.0.1',
      '::1',
      '0.0.0.0',
      '::ffff:127.0.0.1',
      '2130706433',
      '017700000001',
    ])
      expect(await box.ask('reach', at, 7000), at).toBe('ECONNREFUSED');
  });

  it('is out of reach where a cloud serves credentials', async () => {
    await other.ask('listen', '169.254.169.254', 7001, 'greet');
    expect(await host.ask('reach', '169.254.169.254', 7001)).toBe('reached');
    expect(await box.ask('reach', '169.254.169.254', 7001)).toBe('ECONNREFUSED');
  });
});

async function memoryKib(): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1]);
}

const descriptors = async (): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

async function switchesIn3Seconds(): Promise<number> {
  const before = await switches();
  await delay(3000);
  return (await switches()) - before;
}

async function switches(): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return [...status.matchAll(/ctxt_switches:\t(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}
