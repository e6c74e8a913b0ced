import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { IP_PROTOCOLS } from '../../src/agent/protocol.js';
import { policyConfig } from '../../src/engine/machine/box-policy.js';
import { networkEnd, portsRecord } from '../../src/engine/machine/records.js';
import { lookUntil } from '../helpers/look-until.js';
import { appears, ended, gone } from './shim/observe.js';
import { BUILD_TIMEOUT_MS, buildShim, ShimHarness } from './shim/shim-harness.js';
import { isOpen, linesOf, logOf, network, pidOfNet, taken } from './shim/shim-network.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

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
      /^failed network \d+ boxlite-net ended with status 127: can't run \/nowhere\/boxlite-net: No such file or directory$/,
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
