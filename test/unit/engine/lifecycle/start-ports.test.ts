import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { askingForPorts } from '../../../../src/engine/lifecycle/start-ports.js';
import type { PublishedPort } from '../../../../src/engine/spec/network/ports.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import type { EngineContext } from '../../../../src/engine/state/context.js';
import { BoxliteError } from '../../../../src/errors.js';
import { currentBootId, readStat } from '../../../../src/host/process-identity.js';
import { Database } from '../../../../src/store/database.js';
import { BOX_ID, boxRecord, boxSpec, leaveFacts, temporaryHome } from '../engine-fixture.js';

const NETWORK = new BoxliteError('boot-failed', 'the shim’s own words', { stage: 'network' });
const port = (hostPort: number): PublishedPort => ({
  ...{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, boxPort: 80 },
});

/** Starts a box whose host refuses these ports, and returns what it asks for each time. */
async function start(
  options: BoxOptions,
  refuses: Readonly<Record<number, number>>,
  last: readonly PublishedPort[] = [],
  prepare: (context: EngineContext) => void = () => undefined,
): Promise<{ asked: number[][]; outcome: unknown }> {
  const home = temporaryHome();
  const database = Database.open(home);
  onTestFinished(() => database.close());
  const context = { home, database: () => database } as unknown as EngineContext;
  prepare(context);
  const asked: number[][] = [];
  const record = boxRecord({ options: boxSpec(options), ports: last });
  const outcome = await askingForPorts(context, record, (ports) => {
    asked.push(ports.map(({ hostPort }) => hostPort));
    const refused = ports.find(({ hostPort }) => hostPort in refuses);
    if (refused === undefined) return Promise.resolve('started');
    const message = `listen on 127.0.0.1:${refused.hostPort}/tcp: Not today`;
    leaveFacts(home, {
      bootError: { stage: 'network', errno: refuses[refused.hostPort], message },
    });
    return Promise.reject(NETWORK);
  }).catch((error: unknown) => error);
  return { asked, outcome };
}

/** The record of a shim that lives with its VMM: this process and its parent. */
const runningHere = () => ({
  at: new Date(10_000).toISOString(),
  shimPid: process.ppid,
  shimStartTicks: readStat(process.ppid)?.startTicks,
  vmmPid: process.pid,
  bootId: currentBootId(),
});

const EADDRINUSE = 98;

test('a box that has had a port asks for it again, and leaves the choice when it is in use', async () => {
  const { asked, outcome } = await start({ ports: ['80'] }, { 4000: EADDRINUSE }, [port(4000)]);
  expect({ asked, outcome }).toEqual({ asked: [[4000], [0]], outcome: 'started' });
});

test('the ports of a range are asked for until one is free', async () => {
  const busy = { 4000: EADDRINUSE, 4001: EADDRINUSE };
  const { asked, outcome } = await start({ ports: ['4000-4002:80'] }, busy);
  expect({ asked, outcome }).toEqual({ asked: [[4000], [4001], [4002]], outcome: 'started' });
});

test('a named port that is in use fails the start, which says who has it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const { asked, outcome } = await start({ ports: [`${taken}:80`] }, { [taken]: EADDRINUSE });
  expect(asked).toEqual([[taken]]);
  expect(outcome).toMatchObject({
    code: 'boot-failed',
    stage: 'network',
    message: expect.stringMatching(
      new RegExp(
        `^box web did not start: can't listen on 127\\.0\\.0\\.1:${taken}/tcp: Not today \\(.+, pid ${process.pid}, has it\\)$`,
      ),
    ) as string,
    cause: NETWORK,
  });
});

test('another box that publishes the port is named, and how to stop it', async () => {
  const other = '01k0a1b2c3d4e5f6g7h8j9kanc';
  const { outcome } = await start({ ports: ['4000:80'] }, { 4000: EADDRINUSE }, [], (context) => {
    const { boxes } = context.database();
    const fields = { containerId: '1'.repeat(64), options: boxSpec(), name: 'first' };
    boxes.insert({ id: other, image: 'busybox', ...fields });
    boxes.transition(other, ['configured'], 'running', { startedAt: 10_000, ports: [port(4000)] });
    leaveFacts(context.home, { started: runningHere() }, other);
    writeFileSync(context.home.boxFile(other, 'shimSocket'), '');
  });
  expect(outcome).toMatchObject({
    message: expect.stringContaining('Not today (box first publishes it)') as string,
    remedy: { action: 'stop', box: 'first' },
  });
});

test('a box that is starting with the port is named, too', async () => {
  const other = '01k0a1b2c3d4e5f6g7h8j9kanc';
  const listen = "require('net').createServer().listen(0, '127.0.0.1', function () {";
  const root = mkdtempSync(join(tmpdir(), 'boxlite-shim-'));
  // Its program's name and its argument are those of a shim; Node runs what lies in the directory.
  const [program, directory] = [join(root, 'boxlite-shim'), join(root, other)];
  symlinkSync(process.execPath, program);
  mkdirSync(directory);
  writeFileSync(join(directory, 'index.js'), `${listen} console.log(this.address().port); });`);
  const shim = spawn(program, [directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    shim.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });
  const [line] = (await once(shim.stdout, 'data')) as [Buffer];
  const taken = Number(line.toString());
  const asked = { ports: [`${taken}:80`] };
  const { outcome } = await start(asked, { [taken]: EADDRINUSE }, [], (context) => {
    const fields = { containerId: '1'.repeat(64), options: boxSpec(), name: 'first' };
    context.database().boxes.insert({ id: other, image: 'busybox', ...fields });
  });
  expect(outcome).toMatchObject({
    message: expect.stringContaining('Not today (box first publishes it)') as string,
    remedy: { action: 'stop', box: 'first' },
  });
});

test.each([
  [13, 'permission', /from 1024 on/],
  [99, 'boot-failed', /ip address/],
])('errno %i of a port is %s, and no other port is tried', async (errno, code, hint) => {
  const { asked, outcome } = await start({ ports: ['80'] }, { 4000: errno }, [port(4000)]);
  expect(asked).toHaveLength(1);
  expect(outcome).toMatchObject({ code, hint: expect.stringMatching(hint) as string });
});

test('a failure in the guest’s network is none of a port', async () => {
  const home = temporaryHome();
  leaveFacts(home, { bootError: { stage: 'network', errno: 1, message: 'bring up eth0: no' } });
  const context = { home } as unknown as EngineContext;
  const record = boxRecord({ id: BOX_ID, options: boxSpec({ ports: ['80'] }) });
  await expect(askingForPorts(context, record, () => Promise.reject(NETWORK))).rejects.toBe(
    NETWORK,
  );
});
