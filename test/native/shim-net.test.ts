import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { IP_PROTOCOLS } from '../../src/agent/protocol.js';
import { Deferred } from '../../src/deferred.js';
import { policyConfig } from '../../src/engine/machine/box-policy.js';
import { networkEnd, portsRecord } from '../../src/engine/machine/records.js';
import { addressBytes } from '../../src/host/ip-address.js';
import { type NetworkLogEntry, readNetworkLog } from '../../src/logs/network-log.js';
import { lookUntil } from '../helpers/look-until.js';
import { appears, ended, gone } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, FAKE_NET, ShimHarness } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

interface Port {
  protocol?: number;
  address?: string;
  hostPort?: number;
  boxPort?: number;
}

/** The configuration of a box with a network, whose boxlite-net is the fake one in this mode. */
async function network(
  harness: ShimHarness,
  ports: readonly Port[] = [],
  mode = 'answer',
): Promise<Record<string, unknown>> {
  const program = join(harness.root, 'net');
  const words = [FAKE_NET, logOf(harness), mode].map((word) => `'${word}'`);
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')}\n`);
  await chmod(program, 0o755);
  return {
    ...{ netProgram: program, netFd: 22, macAddress: Buffer.from('0242ac110002', 'hex') },
    ...{ address: 0x0a00_020f, prefix: 0x0a00_0200, prefixLength: 24 },
    ...{ gateway: 0x0a00_0202, resolver: 0x0a00_0203, mtu: 65_520 },
    ...{ address6: addressBytes('fd00::15'), prefix6: addressBytes('fd00::') },
    ...{ gateway6: addressBytes('fd00::2'), resolver6: addressBytes('fd00::3') },
    ports: ports.map(
      ({ protocol = IP_PROTOCOLS.TCP, address = '127.0.0.1', hostPort = 0, boxPort = 80 }) => ({
        ...{ protocol, hostAddress: addressBytes(address), hostPort, boxPort },
      }),
    ),
    ...policyConfig({}),
    ...{ networkDirectory: '', hubProgram: '', links: [] },
  };
}

const logOf = (harness: ShimHarness): string => join(harness.root, 'net.log');
const linesOf = async (harness: ShimHarness): Promise<string[]> =>
  (await readFile(logOf(harness), 'utf8')).trimEnd().split('\n');

async function pidOfNet(harness: ShimHarness): Promise<number> {
  return Number(/^pid (\d+)/.exec((await linesOf(harness))[0] ?? '')?.[1]);
}

/** Whether anything listens there. */
function isOpen(port: number, address = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

describe('boxlite-net', () => {
  test('starts as a child that has its control socket, its stderr and nothing else', async () => {
    await using harness = await ShimHarness.make();
    await harness.start(await network(harness));
    const [first] = await linesOf(harness);
    expect(first).toMatch(/^pid \d+ session 1 dies by 9 0 1 2 3$/);
  });

  test('receives the network, the box’s port, the resolvers and the sockets in this order', async () => {
    await using harness = await ShimHarness.make();
    const udp = { protocol: IP_PROTOCOLS.UDP, boxPort: 53 };
    await harness.start(await network(harness, [{}, udp, { address: '::1', boxPort: 81 }]));
    const [tcp, datagram, six] = await portsRecord(harness.directory);
    expect((await linesOf(harness)).slice(1)).toEqual([
      'open generation=1 user=4294967295 a000200/24 gateway=a000202 resolver=a000203 mtu=65520 fd00:: fd00::2 fd00::3',
      'port a00020f fd00::15 mac=02..02 type=1 listens=0 family=1 port=0',
      expect.stringMatching(/^resolvers( \S+)+$/),
      `publish 1 protocol=6 box=80 type=1 listens=1 family=2 port=${tcp?.hostPort}`,
      `publish 2 protocol=17 box=53 type=2 listens=0 family=2 port=${datagram?.hostPort}`,
      `publish 3 protocol=6 box=81 type=1 listens=1 family=10 port=${six?.hostPort}`,
    ]);
  });

  test('receives what the box may reach after its port, and only as many rules as there are', async () => {
    await using harness = await ShimHarness.make();
    const spec = {
      allow: ['10.0.0.0/8:443/tcp', '*.a.test'],
      deny: ['fd00::/8'],
      hostPorts: [5432],
    };
    await harness.start({ ...(await network(harness)), ...policyConfig({ policy: spec }) });
    const lines = await linesOf(harness);
    expect(lines.slice(2, 4)).toEqual([
      expect.stringMatching(/^port /),
      'policy mode=2 reports=0 host:5432 1/0/0 fd00::/8:0-65535[]' +
        ' 0/0/6 ::ffff:10.0.0.0/104:443-443[] 0/2/0 ::/0:0-65535[a.test] in 924 bytes',
    ]);
  });

  test('receives as many rules as a box may have', async () => {
    await using harness = await ShimHarness.make();
    const allow = Array.from({ length: 128 }, (_, i) => `10.0.0.${i}`);
    await harness.start({ ...(await network(harness)), ...policyConfig({ policy: { allow } }) });
    expect((await linesOf(harness))[3]).toMatch(
      / 0\/0\/0 ::ffff:10\.0\.0\.127\/128:0-65535\[\] in /,
    );
  });

  test('is answered with the resolvers as they are when it asks', async () => {
    await using harness = await ShimHarness.make();
    await harness.start(await network(harness));
    const resolvers = async (): Promise<string[]> =>
      (await linesOf(harness)).filter((line) => line.startsWith('resolvers'));
    process.kill(await pidOfNet(harness), 'SIGUSR1');
    const [first, second] = await lookUntil(resolvers, (lines) => lines.length === 2);
    expect(second).toBe(first);
  });

  test('is not there for a box without a network', async () => {
    await using harness = await ShimHarness.make();
    await harness.start();
    expect(existsSync(logOf(harness))).toBe(false);
    expect(existsSync(join(harness.directory, 'ports.json'))).toBe(false);
  });

  test.runIf(process.getuid?.() === 0)('is to become another user than the VMM’s', async () => {
    const register = await mkdtemp(join(tmpdir(), 'ids-'));
    onTestFinished(() => rm(register, { recursive: true, force: true }));
    await using harness = await ShimHarness.make();
    await chmod(harness.root, 0o755);
    await chmod(join(harness.root, 'vmm.sock'), 0o777);
    const firstId = 1_900_000_000;
    const ids = { idDirectory: register, firstId, idRanges: 2 };
    const { shim } = await harness.start({ ...(await network(harness)), ...ids });
    const status = await readFile(`/proc/${await shim.vmmPid()}/status`, 'latin1');
    const users = [
      /^Uid:\t(\d+)/m.exec(status),
      / user=(\d+)/.exec((await linesOf(harness))[1] ?? ''),
    ];
    expect(users.map((match) => Number(match?.[1])).sort()).toEqual([firstId, firstId + 65_536]);
  });
});

describe('a start', () => {
  test.each([
    ['refuses', 'refuse', 'enter the jail: Operation not permitted'],
    ['dies', 'die', 'boxlite-net ended with status 3: fake net: no libslirp here'],
  ])('fails when boxlite-net %s, and says how', async (_how, mode, message) => {
    await using harness = await ShimHarness.make();
    const shim = harness.spawn(harness.config(await network(harness, [{}], mode)));
    expect(await shim.statusLine).toMatch(/^failed network \d+ /);
    expect(await harness.record('boot-error')).toMatchObject({ stage: 'network', message });
    await shim.exited;
    const [port] = await portsRecord(harness.directory);
    expect(await isOpen(port?.hostPort ?? 0)).toBe(false);
  });

  test('fails when there is no boxlite-net, and names it', async () => {
    await using harness = await ShimHarness.make();
    const values = { ...(await network(harness)), netProgram: '/nowhere/boxlite-net' };
    const shim = harness.spawn(harness.config(values));
    expect(await shim.statusLine).toMatch(
      /^failed network \d+ boxlite-net ended with status 127: start \/nowhere\/boxlite-net: No such file or directory$/,
    );
  });

  test('fails when boxlite-net is silent', async () => {
    await using harness = await ShimHarness.make();
    const shim = harness.spawn(harness.config(await network(harness, [], 'hang')));
    expect(await shim.statusLine).toBe('failed network 110 boxlite-net did not answer within 10 s');
    await ended(await pidOfNet(harness));
  });

  test.each([
    ['tcp', '127.0.0.1', '127.0.0.1'],
    ['tcp', '::1', '[::1]'],
    ['udp', '127.0.0.1', '127.0.0.1'],
  ])(
    'fails on a %s port of %s that is taken, before anything runs',
    async (kind, address, shown) => {
      await using harness = await ShimHarness.make();
      const [hostPort, close] = await taken(kind, address);
      onTestFinished(close);
      const protocol = kind === 'tcp' ? IP_PROTOCOLS.TCP : IP_PROTOCOLS.UDP;
      const port = { protocol, address, hostPort };
      const shim = harness.spawn(harness.config(await network(harness, [{}, port])));
      const message = `listen on ${shown}:${hostPort}/${kind}: Address already in use`;
      expect(await shim.statusLine).toBe(`failed network 98 ${message}`);
      expect(await harness.record('boot-error')).toMatchObject({ stage: 'network', message });
      expect(existsSync(logOf(harness))).toBe(false);
    },
  );

  test('binds as many ports as a box may have, and records the numbers that the kernel chose', async () => {
    await using harness = await ShimHarness.make();
    const ports = Array.from({ length: 512 }, (_, i) => ({ boxPort: i + 1 }));
    await harness.start(await network(harness, ports));
    const record = await portsRecord(harness.directory);
    expect(record.map(({ boxPort }) => boxPort)).toEqual(ports.map(({ boxPort }) => boxPort));
    expect(new Set(record.map(({ hostPort }) => hostPort)).size).toBe(512);
    expect(record[0]).toMatchObject({ protocol: 'tcp', hostAddress: '127.0.0.1' });
    expect(await linesOf(harness)).toHaveLength(512 + 4);
  });

  test('gives the same number to TCP and UDP, and to IPv4 and IPv6', async () => {
    await using harness = await ShimHarness.make();
    const [hostPort, close] = await taken('tcp', '127.0.0.1');
    await close();
    const [TCP, UDP] = [IP_PROTOCOLS.TCP, IP_PROTOCOLS.UDP];
    const ports = [
      ...[TCP, UDP].map((protocol) => ({ protocol, address: '0.0.0.0', hostPort })),
      ...[TCP, UDP].map((protocol) => ({ protocol, address: '::', hostPort })),
    ];
    await harness.start(await network(harness, ports));
    const addresses = (await portsRecord(harness.directory)).map((port) => port.hostAddress);
    expect(addresses).toEqual(['0.0.0.0', '0.0.0.0', '::', '::']);
  });
});

describe('a box that runs', () => {
  test('goes on without its network when boxlite-net dies, and its directory says so', async () => {
    await using harness = await ShimHarness.make();
    const { guest, shim } = await harness.running(await network(harness, [{}]));
    const [port] = await portsRecord(harness.directory);
    expect(await isOpen(port?.hostPort ?? 0)).toBe(true);
    expect(await networkEnd(harness.directory)).toBeUndefined();
    process.kill(await pidOfNet(harness), 'SIGKILL');
    await appears(join(harness.directory, 'net-ended.json'));
    expect(await networkEnd(harness.directory)).toMatchObject({
      message: 'boxlite-net was killed by signal 9',
    });
    expect(await isOpen(port?.hostPort ?? 0)).toBe(false);
    const client = await harness.client();
    client.raw('attach', 1, '');
    guest.raw('stdout', 1, 'still here');
    expect((await client.expectRaw('stdout', 1)).toString()).toBe('still here');
    expect(shim.child.exitCode).toBeNull();
  });

  test('takes its ports along when it ends, though its shim waits for the hook', async () => {
    await using harness = await ShimHarness.make();
    const hook = { onExit: ['/bin/true'], exitDelayMs: 60_000 };
    const { client, guest, shim } = await harness.running({
      ...(await network(harness, [{}])),
      ...hook,
    });
    const [port] = await portsRecord(harness.directory);
    const pid = await pidOfNet(harness);
    const left = gone(harness);
    guest.close();
    await left;
    expect([existsSync(`/proc/${pid}`), await isOpen(port?.hostPort ?? 0)]).toEqual([false, false]);
    expect(await networkEnd(harness.directory)).toBeUndefined();
    expect(shim.child.exitCode).toBeNull();
    client.close();
  });

  test('dies with its shim, and so does boxlite-net', async () => {
    await using harness = await ShimHarness.make();
    const { shim } = await harness.running(await network(harness, [{}]));
    const [port] = await portsRecord(harness.directory);
    const pid = await pidOfNet(harness);
    shim.child.kill('SIGKILL');
    await ended(pid);
    expect(await isOpen(port?.hostPort ?? 0)).toBe(false);
  });

  test('removes at its next start what its last one recorded of the network', async () => {
    await using harness = await ShimHarness.make();
    for (const name of ['ports.json', 'net-ended.json'])
      await writeFile(join(harness.directory, name), '{}');
    await harness.start();
    expect(await portsRecord(harness.directory)).toEqual([]);
    expect(await networkEnd(harness.directory)).toBeUndefined();
  });
});

describe('a client of a box that runs', () => {
  const port = (changes: Port = {}) => {
    const {
      protocol = IP_PROTOCOLS.TCP,
      address = '127.0.0.1',
      hostPort = 0,
      boxPort = 80,
    } = changes;
    return { protocol, hostAddress: addressBytes(address), hostPort, boxPort };
  };

  test('publishes a port, which is bound, recorded and passed on before it is answered', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness, [{}]));
    client.send('netPublish', 7, port({ address: '::1', boxPort: 81 }));
    const { port: hostPort } = await client.expect('netDone', 7);
    expect((await portsRecord(harness.directory)).slice(1)).toEqual([
      { protocol: 'tcp', hostAddress: '::1', hostPort, boxPort: 81 },
    ]);
    expect((await linesOf(harness)).at(-1)).toBe(
      `publish 2 protocol=6 box=81 type=1 listens=1 family=10 port=${hostPort}`,
    );
  });

  test('is refused a port that is taken, with the words of a start', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness));
    const [hostPort, close] = await taken('tcp', '127.0.0.1');
    onTestFinished(close);
    client.send('netPublish', 7, port({ hostPort }));
    const refused = await client.expect('refused', 7);
    expect([refused.errno, refused.message.toString()]).toEqual([
      98,
      `listen on 127.0.0.1:${hostPort}/tcp: Address already in use`,
    ]);
    expect((await linesOf(harness)).join()).not.toContain('publish');
  });

  test('is refused what boxlite-net refuses, and nothing stays bound', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness));
    const [hostPort, close] = await taken('tcp', '127.0.0.1');
    await close();
    client.send('netPublish', 7, port({ hostPort, boxPort: 666 }));
    const { message } = await client.expect('refused', 7);
    expect(message.toString()).toBe("port 666 can't be published");
    expect(await portsRecord(harness.directory)).toEqual([]);
    expect(await isOpen(hostPort)).toBe(false);
  });

  test('takes a port back, of the start or a later one, but no port twice', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness, [{}, { boxPort: 81 }]));
    const [first, second] = await portsRecord(harness.directory);
    const taken = port({ hostPort: first?.hostPort });
    client.send('netUnpublish', 7, taken);
    expect(await client.expect('netDone', 7)).toEqual({ port: first?.hostPort });
    client.send('netUnpublish', 8, taken);
    const { errno, message } = await client.expect('refused', 8);
    expect([errno, message.toString()]).toEqual([
      2,
      `nothing is published at 127.0.0.1:${first?.hostPort}/tcp`,
    ]);
    expect(await portsRecord(harness.directory)).toEqual([second]);
    expect((await linesOf(harness)).at(-1)).toBe('unpublish 1');
  });

  test('changes what the box may reach', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness));
    client.send('netPolicy', 7, policyConfig({ policy: { deny: ['10.0.0.0/8'] } }));
    client.send('netPolicy', 8, policyConfig({}));
    await client.expect('netDone', 7);
    await client.expect('netDone', 8);
    expect((await linesOf(harness)).slice(-2)).toEqual([
      'policy mode=0 reports=0 1/0/0 ::ffff:10.0.0.0/104:0-65535[] in 364 bytes',
      'policy mode=0 reports=0 in 84 bytes',
    ]);
  });

  test('gets its own answer among those of others, and one that leaves gets none', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness));
    const [other, leaver] = [await harness.client(), await harness.client()];
    const pid = await pidOfNet(harness);
    process.kill(pid, 'SIGSTOP');
    leaver.send('netPublish', 7, port({ boxPort: 80 }));
    other.send('netPublish', 7, port({ boxPort: 666 }));
    client.send('netPublish', 9, port({ boxPort: 81 }));
    leaver.end(); // the shim closes it when it has read what was sent
    await leaver.closed;
    process.kill(pid, 'SIGCONT');
    await other.expect('refused', 7);
    const { port: hostPort } = await client.expect('netDone', 9);
    const record = await portsRecord(harness.directory);
    expect(record.map(({ boxPort }) => boxPort).sort()).toEqual([80, 81]);
    expect(record.find(({ boxPort }) => boxPort === 81)?.hostPort).toBe(hostPort);
  });

  test('is refused at once when boxlite-net has died or does not answer', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness));
    const pid = await pidOfNet(harness);
    process.kill(pid, 'SIGSTOP');
    for (let session = 10; session < 43; session++)
      client.send('netPolicy', session, policyConfig({}));
    const busy = await client.expect('refused', 42);
    expect(busy.message.toString()).toBe('boxlite-net has not answered 32 requests yet');
    process.kill(pid, 'SIGKILL');
    for (let session = 10; session < 42; session++) {
      const { message } = await client.expect('refused', session);
      expect(message.toString()).toBe('boxlite-net was killed by signal 9');
    }
    client.send('netPublish', 50, port());
    const { message } = await client.expect('refused', 50);
    expect(message.toString()).toBe('the box has lost its network');
  });

  test('is refused when the box has no network, and for what is no message', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running();
    client.send('netPublish', 7, port());
    expect((await client.expect('refused', 7)).message.toString()).toBe('the box has no network');
    client.send('netPolicy', 8, policyConfig({}));
    expect((await client.expect('refused', 8)).message.toString()).toBe('the box has no network');
    for (const name of ['netPolicy', 'netPublish', 'netUnpublish'] as const) {
      client.raw(name, 9, 'short');
      expect((await client.expect('refused', 9)).errno).toBe(71);
    }
    client.send('netPublish', 10, { ...port(), protocol: IP_PROTOCOLS.ICMP });
    expect((await client.expect('refused', 10)).errno).toBe(22);
  });
});

describe('what boxlite-net reports', () => {
  const allow = ['a.test:443/tcp'];

  test('is logged with the rule that it named then, to a bound, and the rest is counted', async () => {
    await using harness = await ShimHarness.make();
    const values = policyConfig({ policy: { allow, log: true } });
    const { client } = await harness.running({ ...(await network(harness)), ...values });
    expect((await linesOf(harness))[3]).toMatch(/^policy mode=2 reports=1 /);
    const pid = await pidOfNet(harness);
    const entries = async (): Promise<NetworkLogEntry[]> => {
      const found: NetworkLogEntry[] = [];
      for await (const entry of readNetworkLog(harness.directory)) found.push(entry);
      return found;
    };
    process.kill(pid, 'SIGHUP');
    const [first, second] = await lookUntil(entries, ({ length }) => length >= 400);
    const where = { protocol: 'tcp', address: '192.0.2.1', port: 443, leftOut: 0 };
    const rule = 'a.test:443/tcp';
    expect(first).toMatchObject({ ...where, allowed: true, name: 'a.test�[31m', rule });
    expect(second).toEqual({ ...where, allowed: false, time: second?.time });
    client.send(
      'netPolicy',
      7,
      policyConfig({ policy: { deny: ['[fd00::]/8:80-90'], log: true } }),
    );
    await client.expect('netDone', 7);
    await sleep(1_100);
    const before = (await entries()).length;
    process.kill(pid, 'SIGHUP');
    const later = (await lookUntil(entries, ({ length }) => length > before))[before];
    expect(later).toMatchObject({ rule: '[fd00::]/8:80-90' });
    expect(before + (later?.leftOut ?? 0)).toBe(500);
  });

  test('fills two files at most, and a reader that follows misses nothing of them', async () => {
    await using harness = await ShimHarness.make();
    const line = (port: number): string =>
      `${JSON.stringify({ at: '2026-01-01T00:00:00Z', protocol: 'udp', address: '::1', port })}\n`;
    const path = join(harness.directory, 'network.log');
    await writeFile(path, line(1).repeat(Math.floor((512 * 1024) / line(1).length)));
    const values = policyConfig({ policy: { allow, log: true } });
    await harness.running({ ...(await network(harness)), ...values });
    const end = new Deferred<undefined>();
    const seen: number[] = [];
    const reader = (async () => {
      for await (const { port } of readNetworkLog(harness.directory, {
        tail: 1,
        follow: end.promise,
      }))
        seen.push(port);
    })();
    await lookUntil(
      () => Promise.resolve(seen),
      ({ length }) => length === 1,
    );
    process.kill(await pidOfNet(harness), 'SIGHUP');
    await lookUntil(
      () => Promise.resolve(seen),
      ({ length }) => length >= 401,
    );
    end.resolve(undefined);
    await reader;
    expect(new Set(seen)).toEqual(new Set([1, 443]));
    const files = (await readdir(harness.directory)).filter((name) =>
      name.startsWith('network.log'),
    );
    expect(files.sort()).toEqual(['network.log', 'network.log.1']);
  });
});

/** A port that somebody else has, and how to release it. */
async function taken(kind: string, address: string): Promise<[number, () => Promise<void>]> {
  if (kind === 'udp') {
    const socket = createSocket('udp4').bind(0, address);
    await once(socket, 'listening');
    return [socket.address().port, () => new Promise((resolve) => socket.close(() => resolve()))];
  }
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return [(server.address() as AddressInfo).port, close];
}
