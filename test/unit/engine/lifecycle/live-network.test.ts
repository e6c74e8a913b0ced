import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { decodeMessage } from '../../../../src/agent/codec.js';
import { NET_MODES } from '../../../../src/agent/protocol.js';
import { changePolicy } from '../../../../src/engine/lifecycle/change-policy.js';
import { publishPorts, unpublishPorts } from '../../../../src/engine/lifecycle/publish.js';
import { updateBox } from '../../../../src/engine/lifecycle/update.js';
import { settleNetwork } from '../../../../src/engine/spec/network/named/network-spec.js';
import type { PublishedPort } from '../../../../src/engine/spec/network/ports.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import { specOf } from '../../../../src/engine/spec/stored-spec.js';
import type { EngineContext } from '../../../../src/engine/state/context.js';
import { currentBootId, readStat } from '../../../../src/host/process-identity.js';
import { Database } from '../../../../src/store/database.js';
import { FakeShim } from '../../../helpers/fake-shim.js';
import { BOX_ID, boxSpec, temporaryHome } from '../engine-fixture.js';

const EADDRINUSE = 98;
const REFUSED_RATE = 666_666n;
const port = (hostPort: number, boxPort = 80): PublishedPort => ({
  ...{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, boxPort },
});

/** A box of the store, stopped until `run`. */
function box(options: BoxOptions) {
  const home = temporaryHome();
  const database = Database.open(home);
  onTestFinished(() => database.close());
  const context = { home, database: () => database } as unknown as EngineContext;
  mkdirSync(home.box(BOX_ID), { recursive: true });
  database.boxes.insert({
    ...{ id: BOX_ID, name: 'web', image: 'busybox', containerId: 'a'.repeat(64) },
    options: boxSpec(options),
  });
  const record = () => {
    const found = database.boxes.get(BOX_ID);
    if (found === undefined) throw new Error('no box');
    return { spec: specOf(found.options), ports: found.ports };
  };
  const leave = (file: 'ports' | 'started', fact: object): void =>
    writeFileSync(home.boxFile(BOX_ID, file), JSON.stringify(fact));
  return { home, database, context, record, leave };
}

type Box = ReturnType<typeof box>;

/** A shim of the box that publishes but the busy ports, and what it was asked. */
async function run(
  { home, database, leave }: Box,
  live: PublishedPort[],
  busy: readonly number[] = [],
): Promise<{ asked: string[]; live: PublishedPort[] }> {
  const at = 10_000;
  leave('started', {
    ...{ at: new Date(at).toISOString(), bootId: currentBootId(), vmmPid: process.pid },
    ...{ shimPid: process.ppid, shimStartTicks: readStat(process.ppid)?.startTicks },
  });
  database.boxes.transition(BOX_ID, ['configured'], 'running', { startedAt: at, ports: live });
  const record = (): void => leave('ports', { ports: live });
  record();
  const asked: string[] = [];
  const shim = await FakeShim.start((peer) => {
    peer.welcome();
    peer.on('netPolicy', ({ session, payload }) => {
      const { netMode, netRules } = decodeMessage('netPolicy', payload);
      asked.push(`policy ${netMode} ${netRules.length}`);
      peer.send('netDone', session, { port: 0 });
    });
    peer.on('netRates', ({ session, payload }) => {
      const { netTx, netRx } = decodeMessage('netRates', payload);
      asked.push(`rates ${netTx} ${netRx}`);
      if (netRx === REFUSED_RATE) peer.send('refused', session, { errno: 34, message: 'too fast' });
      else peer.send('netDone', session, { port: 0 });
    });
    for (const name of ['netPublish', 'netUnpublish'] as const)
      peer.on(name, ({ session, payload }) => {
        const { hostPort, boxPort } = decodeMessage(name, payload);
        asked.push(`${name} ${hostPort}:${boxPort}`);
        if (busy.includes(hostPort)) {
          const message = `listen on 127.0.0.1:${hostPort}/tcp: Address already in use`;
          peer.send('refused', session, { errno: EADDRINUSE, message });
          return;
        }
        const given = port(hostPort || 50_000, boxPort);
        const index = live.findIndex((each) => each.hostPort === given.hostPort);
        if (name === 'netPublish') live.push(given);
        else live.splice(index, 1);
        record();
        peer.send('netDone', session, { port: given.hostPort });
      });
  }, home.box(BOX_ID));
  onTestFinished(() => shim[Symbol.asyncDispose]());
  return { asked, live };
}

const specPorts = (of: Box): string[] =>
  (of.record().spec.ports ?? []).map(({ hostPort, boxPort }) => `${hostPort}:${boxPort}`);

test('a stopped box has a port from its next start on', async () => {
  const web = box({ ports: ['8080:80'] });
  expect(await publishPorts(web.context, BOX_ID, { ports: ['90', '9191:91'] })).toEqual([
    port(0, 90),
    port(9191, 91),
  ]);
  expect(specPorts(web)).toEqual(['8080:80', '0:90', '9191:91']);
  await unpublishPorts(web.context, BOX_ID, ['8080:80', '90/tcp']);
  expect(specPorts(web)).toEqual(['9191:91']);
  await unpublishPorts(web.context, BOX_ID, [{ boxPort: 91 }]);
  expect(web.record().spec).not.toHaveProperty('ports');
});

test('a running box has it at once, and keeps the number that the system chose', async () => {
  const web = box({ ports: ['8080:80'] });
  const shim = await run(web, [port(8080)]);
  expect(await publishPorts(web.context, BOX_ID, { ports: ['90'] })).toEqual([port(50_000, 90)]);
  expect(shim.asked).toEqual(['netPublish 0:90']);
  expect(specPorts(web)).toEqual(['8080:80', '0:90']);
  expect(web.record().ports).toEqual([port(8080), port(50_000, 90)]);
  expect(await unpublishPorts(web.context, BOX_ID, ['90'])).toEqual([port(50_000, 90)]);
  expect(shim.asked.at(-1)).toBe('netUnpublish 50000:90');
  expect([specPorts(web), web.record().ports]).toEqual([['8080:80'], [port(8080)]]);
});

test('of several ports none is published when the host refuses one', async () => {
  const web = box({});
  const shim = await run(web, [], [9191]);
  await expect(
    publishPorts(web.context, BOX_ID, { ports: ['9090:90', '9191:91'] }),
  ).rejects.toMatchObject({
    code: 'host-io',
    message: expect.stringMatching(
      /^box web can't listen on 127\.0\.0\.1:9191\/tcp: Address already in use/,
    ) as string,
  });
  expect(shim.asked).toEqual(['netPublish 9090:90', 'netPublish 9191:91', 'netUnpublish 9090:90']);
  expect([specPorts(web), shim.live]).toEqual([[], []]);
});

test('any free port of a range is taken', async () => {
  const web = box({});
  const shim = await run(web, [], [9000, 9001]);
  expect(await publishPorts(web.context, BOX_ID, { ports: ['9000-9002:90'] })).toEqual([
    port(9002, 90),
  ]);
  expect(shim.asked).toEqual(['netPublish 9000:90', 'netPublish 9001:90', 'netPublish 9002:90']);
});

test('a port that was published by a process which was killed then is known, and can be taken back', async () => {
  const web = box({});
  const shim = await run(web, []);
  web.leave('ports', { ports: [port(9090, 90)] });
  shim.live.push(port(9090, 90));
  await expect(publishPorts(web.context, BOX_ID, { ports: ['9090:91'] })).rejects.toThrow(
    'box web publishes 127.0.0.1:9090/tcp already',
  );
  await unpublishPorts(web.context, BOX_ID, ['9090:90']);
  expect(shim.asked).toEqual(['netUnpublish 9090:90']);
});

test.each<[string, BoxOptions, string[], string]>([
  ['twice', { ports: ['8080:80'] }, ['8080:81'], '127.0.0.1:8080/tcp is published twice'],
  ['of a box without a network', { network: 'none' }, ['80'], 'box web has no network'],
])('a port is refused %s', async (_what, options, ports, message) => {
  const web = box(options);
  await expect(publishPorts(web.context, BOX_ID, { ports })).rejects.toThrow(message);
});

test('nothing is taken back when one of them is not published', async () => {
  const web = box({ ports: ['8080:80'] });
  await expect(unpublishPorts(web.context, BOX_ID, ['80', '81/udp'])).rejects.toThrow(
    'box web does not publish 81/udp',
  );
  expect(specPorts(web)).toEqual(['8080:80']);
});

test('what a box may reach is stored, and told to one that runs', async () => {
  const web = box({ denyNet: ['10.0.0.0/8'] });
  await changePolicy(web.context, BOX_ID, { denyNet: ['fd00::/8'] });
  expect(web.record().spec.policy).toEqual({ deny: ['10.0.0.0/8', 'fd00::/8'] });
  const shim = await run(web, []);
  await changePolicy(web.context, BOX_ID, { network: 'internal', remove: ['10.0.0.0/8'] });
  expect(web.record().spec.policy).toEqual({ network: 'internal', deny: ['fd00::/8'] });
  await changePolicy(web.context, BOX_ID, { network: 'default', remove: ['FD00::/8'] });
  expect(web.record().spec).not.toHaveProperty('policy');
  expect(shim.asked).toEqual([`policy ${NET_MODES.INTERNAL} 1`, `policy ${NET_MODES.OPEN} 0`]);
});

test('no change of its policy opens a box that runs in internal networks alone', async () => {
  const web = box({});
  const network = { id: 'ab'.repeat(32), name: 'back' };
  using before = Database.open(web.home, () => 1_000);
  const spec = settleNetwork({ internal: true }, network.id, { networks: [], host: [] });
  before.networks.insert({ ...network, spec });
  before.endpoints.insert({
    ...{ networkId: network.id, network: network.name, boxId: BOX_ID, aliases: [], asked: {} },
    ...{ address: '172.18.0.2', address6: 'fd00::2' },
  });
  const shim = await run(web, []);
  await changePolicy(web.context, BOX_ID, { network: 'public', denyNet: ['10.0.0.0/8'] });
  expect(shim.asked).toEqual([`policy ${NET_MODES.INTERNAL} 1`]);
  const opening = { network: 'default', allowNet: ['1.1.1.1'] } as const;
  await expect(changePolicy(web.context, BOX_ID, opening)).rejects.toThrow(
    'network back is internal',
  );
  expect(shim.asked).toHaveLength(1);
});

test('caps are stored before a box that runs is told of them, and both are told', async () => {
  const web = box({ netTxBytesPerSecond: 62_500 });
  await updateBox(web.context, BOX_ID, { netRxBytesPerSecond: 125_000 });
  const rates = (): unknown[] => {
    const { netTxBytesPerSecond: tx, netRxBytesPerSecond: rx } = web.record().spec;
    return [tx, rx];
  };
  expect(rates()).toEqual([62_500, 125_000]);
  const shim = await run(web, []);
  await updateBox(web.context, BOX_ID, { netTxBytesPerSecond: 0 });
  expect(rates()).toEqual([undefined, 125_000]);
  await updateBox(web.context, BOX_ID, { stopTimeoutSeconds: 3 });
  expect(shim.asked).toEqual(['rates 0 125000']);
  await expect(
    updateBox(web.context, BOX_ID, { netRxBytesPerSecond: Number(REFUSED_RATE) }),
  ).rejects.toThrow('the network of running box web was not changed: too fast');
  expect(rates()).toEqual([undefined, Number(REFUSED_RATE)]);
});
