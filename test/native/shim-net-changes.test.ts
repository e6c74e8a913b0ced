import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { IP_PROTOCOLS } from '../../src/agent/protocol.js';
import { Deferred } from '../../src/deferred.js';
import { policyConfig } from '../../src/engine/machine/box-policy.js';
import { portsRecord } from '../../src/engine/machine/records.js';
import { type NetworkLogEntry, readNetworkLog } from '../../src/logs/network-log.js';
import { lookUntil } from '../helpers/look-until.js';
import { BUILD_TIMEOUT_MS, buildShim, ShimHarness } from './shim/shim-harness.js';
import { isOpen, linesOf, network, pidOfNet, portConfig, taken } from './shim/shim-network.js';

vi.setConfig({ testTimeout: 120_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

describe('a client of a box that runs', () => {
  test('publishes a port, which is bound, recorded and passed on before it is answered', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness, [{}]));
    client.send('netPublish', 7, portConfig({ address: '::1', boxPort: 81 }));
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
    client.send('netPublish', 7, portConfig({ hostPort }));
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
    client.send('netPublish', 7, portConfig({ hostPort, boxPort: 666 }));
    const { message } = await client.expect('refused', 7);
    expect(message.toString()).toBe("port 666 can't be published");
    expect(await portsRecord(harness.directory)).toEqual([]);
    expect(await isOpen(hostPort)).toBe(false);
  });

  test('takes a port back, of the start or a later one, but no port twice', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness, [{}, { boxPort: 81 }]));
    const [first, second] = await portsRecord(harness.directory);
    const taken = portConfig({ hostPort: first?.hostPort });
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

  test('changes how fast the box may send and receive, from the start on', async () => {
    await using harness = await ShimHarness.make();
    const config = { ...(await network(harness)), netTx: 62_500n, netRx: 0n };
    const { client } = await harness.running(config);
    expect((await linesOf(harness)).slice(2)).toContain('rates tx=62500 rx=0');
    client.send('netRates', 7, { netTx: 0n, netRx: 12_500_000_000n });
    await client.expect('netDone', 7);
    expect((await linesOf(harness)).at(-1)).toBe('rates tx=0 rx=12500000000');
  });

  test('gets its own answer among those of others, and one that leaves gets none', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running(await network(harness));
    const [other, leaver] = [await harness.client(), await harness.client()];
    const pid = await pidOfNet(harness);
    process.kill(pid, 'SIGSTOP');
    leaver.send('netPublish', 7, portConfig({ boxPort: 80 }));
    other.send('netPublish', 7, portConfig({ boxPort: 666 }));
    client.send('netPublish', 9, portConfig({ boxPort: 81 }));
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
    client.send('netPublish', 50, portConfig());
    const { message } = await client.expect('refused', 50);
    expect(message.toString()).toBe('the box has lost its network');
  });

  test('is refused when the box has no network, and for what is no message', async () => {
    await using harness = await ShimHarness.make();
    const { client } = await harness.running();
    client.send('netPublish', 7, portConfig());
    expect((await client.expect('refused', 7)).message.toString()).toBe('the box has no network');
    client.send('netPolicy', 8, policyConfig({}));
    expect((await client.expect('refused', 8)).message.toString()).toBe('the box has no network');
    for (const name of ['netPolicy', 'netRates', 'netPublish', 'netUnpublish'] as const) {
      client.raw(name, 9, 'short');
      expect((await client.expect('refused', 9)).errno).toBe(71);
    }
    client.send('netPublish', 10, { ...portConfig(), protocol: IP_PROTOCOLS.ICMP });
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
