import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { decodeMessage } from '../../../../src/agent/codec.js';
import { SHIM_PHASES } from '../../../../src/agent/protocol.js';
import { renameBox } from '../../../../src/engine/lifecycle/rename.js';
import { connectBox } from '../../../../src/engine/networks/connect.js';
import { disconnectBox } from '../../../../src/engine/networks/disconnect.js';
import { settleNetwork } from '../../../../src/engine/spec/network/named/network-spec.js';
import type { EngineContext } from '../../../../src/engine/state/context.js';
import { currentBootId, readStat } from '../../../../src/host/process-identity.js';
import { Database } from '../../../../src/store/database.js';
import { FakeShim } from '../../../helpers/fake-shim.js';
import { BOX_ID, boxSpec, temporaryHome } from '../engine-fixture.js';

const ENOENT = 2;
const EIO = 5;
const EEXIST = 17;
const [APP, BACK] = ['aa'.repeat(32), 'bb'.repeat(32)];

interface Shim {
  phase?: number;
  /** Which of the network's changes it refuses. */
  refuses?: 'netConnect' | 'netDisconnect';
}

/** The running box `web`, which has started in `app`, and the network `back`. */
async function web({ phase = SHIM_PHASES.RUNNING, refuses }: Shim = {}) {
  const home = temporaryHome();
  const database = Database.open(home);
  onTestFinished(() => database.close());
  const context = { home, database: () => database } as unknown as EngineContext;
  mkdirSync(home.box(BOX_ID), { recursive: true });
  database.boxes.insert({
    ...{ id: BOX_ID, name: 'web', image: 'busybox', containerId: 'a'.repeat(64) },
    options: boxSpec({ hostname: 'host' }),
  });
  for (const [id, name, subnet] of [
    [APP, 'app', '172.18.0.0/16'],
    [BACK, 'back', '172.19.0.0/16'],
  ] as const) {
    const spec = settleNetwork({ subnets: [subnet] }, id, { networks: [], host: [] });
    database.networks.insert({ id, name, spec });
  }
  await connectBox(context, 'app', 'web', { aliases: ['www'] });
  const at = 10_000;
  const shim = { shimPid: process.ppid, shimStartTicks: readStat(process.ppid)?.startTicks };
  const started = { at: new Date(at).toISOString(), bootId: currentBootId(), ...shim };
  writeFileSync(
    home.boxFile(BOX_ID, 'started'),
    JSON.stringify({ ...started, vmmPid: process.pid }),
  );
  database.boxes.transition(BOX_ID, ['configured'], 'running', { startedAt: at });
  const newest = database.events.newest();
  const events = (): string[] =>
    database.events.after(newest).map(({ action, attributes }) => `${action} ${attributes.name}`);
  const networks = (): string[] => database.endpoints.ofBox(BOX_ID).map((each) => each.network);
  const asked: string[] = [];
  const server = await FakeShim.start((peer) => {
    const linked = new Set([APP]);
    peer.welcome({ phase });
    for (const name of ['netConnect', 'netDisconnect'] as const)
      peer.on(name, ({ session, payload }) => {
        const network = String(decodeMessage(name, payload).network);
        const words = [name, network.slice(0, 2), ...namesIn(name, payload)];
        asked.push(`${words.join(' ')} [${events().join(', ')}]`);
        const errno = name === refuses ? EIO : refusalOf(name, linked.has(network));
        if (errno !== 0) {
          peer.send('refused', session, { errno, message: 'it is so' });
          return;
        }
        if (name === 'netConnect') linked.add(network);
        else linked.delete(network);
        peer.send('netDone', session, { port: 0 });
      });
    peer.on('netAddress', ({ session, payload }) => {
      asked.push(`netAddress ${decodeMessage('netAddress', payload).add}`);
      peer.send('netAddressed', session, {});
    });
  }, home.box(BOX_ID));
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { context, database, events, networks, asked };
}

const namesIn = (name: 'netConnect' | 'netDisconnect', payload: Buffer): string[] =>
  name === 'netConnect' ? [String(decodeMessage(name, payload).names)] : [];

function refusalOf(name: 'netConnect' | 'netDisconnect', isLinked: boolean): number {
  if (name === 'netConnect') return isLinked ? EEXIST : 0;
  return isLinked ? 0 : ENOENT;
}

test('a box that runs is in a network, and said to be, before its shim is asked', async () => {
  const { context, networks, events, asked } = await web();
  await connectBox(context, 'back', 'web', {});
  expect(asked).toEqual([
    'netConnect bb web.back web 01k0a1b2c3d4 host [connect back]',
    'netAddress 1',
  ]);
  expect([networks(), events()]).toEqual([['app', 'back'], ['connect back']]);
});

test('a connection that fails is undone, and said to be', async () => {
  const { context, networks, events } = await web({ refuses: 'netConnect' });
  await expect(connectBox(context, 'back', 'web', {})).rejects.toThrow('it is so');
  expect([networks(), events()]).toEqual([['app'], ['connect back', 'disconnect back']]);
});

test('a paused box is not connected, and nothing is said', async () => {
  const { context, networks, events } = await web({ phase: SHIM_PHASES.PAUSED });
  await expect(connectBox(context, 'back', 'web', {})).rejects.toMatchObject({ code: 'box-state' });
  expect([networks(), events()]).toEqual([['app'], []]);
});

test('a box that can’t be told leaves by force alone', async () => {
  const { context, networks, events, asked } = await web({ refuses: 'netDisconnect' });
  await connectBox(context, 'back', 'web', {});
  await expect(disconnectBox(context, 'back', 'web')).rejects.toThrow('it is so');
  expect(networks()).toEqual(['app', 'back']);
  await disconnectBox(context, 'back', 'web', { force: true });
  expect([networks(), events()]).toEqual([['app'], ['connect back', 'disconnect back']]);
  expect(asked.at(-1)).toBe('netDisconnect bb [connect back]');
});

test('a paused box leaves by force, and is told of no address', async () => {
  const { context, database, networks, asked } = await web({ phase: SHIM_PHASES.PAUSED });
  database.endpoints.insert({
    ...{ networkId: BACK, network: 'back', boxId: BOX_ID, aliases: [], asked: {} },
    ...{ address: '172.19.0.2', address6: 'fd00::2', joinedRunning: true },
  });
  await expect(disconnectBox(context, 'back', 'web')).rejects.toMatchObject({ code: 'box-state' });
  await disconnectBox(context, 'back', 'web', { force: true });
  expect(networks()).toEqual(['app']);
  expect(asked).toEqual(['netDisconnect bb []']);
});

test('no force takes the network away that has the gateway', async () => {
  const { context, networks } = await web();
  await expect(disconnectBox(context, 'app', 'web', { force: true })).rejects.toMatchObject({
    code: 'box-running',
    message: 'box web runs: network app has its gateway and its resolver',
  });
  expect(networks()).toEqual(['app']);
});

test('a box that runs is found by its new name at once', async () => {
  const { context, database, asked } = await web();
  await renameBox(context, BOX_ID, '/db');
  expect(database.boxes.get(BOX_ID)?.name).toBe('db');
  expect(asked.map((each) => each.replace(/ \[.*/, ''))).toEqual([
    'netDisconnect aa',
    'netConnect aa db.app db www 01k0a1b2c3d4 host',
  ]);
});

test('a new name that the networks were not told is kept', async () => {
  const { context, database } = await web({ refuses: 'netConnect' });
  await expect(renameBox(context, BOX_ID, 'db')).rejects.toMatchObject({
    message: expect.stringMatching(
      /^box db has its new name, but its networks were not told: .*it is so$/,
    ) as string,
    remedy: { action: 'restart', box: 'db' },
  });
  expect(database.boxes.get(BOX_ID)?.name).toBe('db');
});
