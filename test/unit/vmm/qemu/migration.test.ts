import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { restoreState, saveState, stopWithoutImage } from '../../../../src/vmm/qemu/migration.js';
import { type Answer, DONE, event, FakeQmp, refused } from './fake-qmp.js';

const CAPABILITIES = {
  execute: 'migrate-set-capabilities',
  arguments: {
    capabilities: [
      { capability: 'x-ignore-shared', state: true },
      { capability: 'events', state: true },
    ],
  },
};
const SETUP = event('MIGRATION', { status: 'setup' });
const ACTIVE = event('MIGRATION', { status: 'active' });
const COMPLETED = event('MIGRATION', { status: 'completed' });
const FAILED = event('MIGRATION', { status: 'failed' });

describe('saving', () => {
  test('writes what the VMM sends, to be read only', async () => {
    const directory = temporaryDirectory();
    const state = Buffer.from('QEVM and so on'.repeat(5_000));
    const qmp = await sendingVmm(directory, async (socket) => {
      socket.end(state);
      await once(socket, 'close');
      qmp.send(DONE, SETUP, ACTIVE, COMPLETED);
    });
    await saveState(qmp.client, directory, join(directory, 'state'));
    expect(readFileSync(join(directory, 'state'))).toEqual(state);
    expect(statSync(join(directory, 'state')).mode & 0o777).toBe(0o444);
    expect(readdirSync(directory)).toEqual(['state']);
    expect(qmp.received.slice(1)).toEqual([
      CAPABILITIES,
      { execute: 'migrate', arguments: { uri: 'unix:/proc/self/fd/20/state.sock' } },
    ]);
  });

  test('waits for the last byte, though the VMM has completed', async () => {
    const directory = temporaryDirectory();
    const qmp = await sendingVmm(directory, async (socket) => {
      socket.write('first');
      qmp.send(DONE, COMPLETED);
      await qmp.client.execute('query-status');
      socket.end(' last');
    });
    await saveState(qmp.client, directory, join(directory, 'state'));
    expect(readFileSync(join(directory, 'state'), 'utf8')).toBe('first last');
  });

  test('works in a directory whose path is too long for a socket', async () => {
    const directory = join(temporaryDirectory(), 'd'.repeat(100), 'e e');
    mkdirSync(directory, { recursive: true });
    const qmp = await sendingVmm(directory, async (socket) => {
      socket.end('x');
      await once(socket, 'close');
      qmp.send(DONE, COMPLETED);
    });
    await saveState(qmp.client, directory, join(directory, 'state'));
    expect(readdirSync(directory)).toEqual(['state']);
  });

  test.each([
    [
      'a capability the VMM does not have',
      'migrate-set-capabilities',
      'the VMM refused migrate-set-capabilities: no x-ignore-shared',
      'no x-ignore-shared',
    ],
    [
      'a refused start',
      'migrate',
      'the VMM refused migrate: a device forbids it',
      'a device forbids it',
    ],
  ])('fails by %s, and leaves nothing', async (_what, bad, message, desc) => {
    const directory = temporaryDirectory();
    const qmp = await FakeQmp.start(({ execute }) => (execute === bad ? refused(desc) : DONE));
    await expect(saveState(qmp.client, directory, join(directory, 'state'))).rejects.toMatchObject({
      code: 'vmm-failed',
      message,
    });
    // Whoever still waits for the end of a migration is told now, and must be heard.
    qmp.client.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('fails at once when the VMM gives up with its connection still open', async () => {
    const directory = temporaryDirectory();
    const qmp = await sendingVmm(directory, (socket) => {
      socket.write('half');
      qmp.send(DONE, ACTIVE, FAILED);
    });
    await expect(saveState(qmp.client, directory, join(directory, 'state'))).rejects.toMatchObject({
      code: 'vmm-failed',
      message: "the VMM could not move the template's state",
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('fails at once when the VMM dies', async () => {
    const directory = temporaryDirectory();
    const qmp = await sendingVmm(directory, (socket) => {
      socket.destroy();
      qmp.far.destroy();
    });
    await expect(saveState(qmp.client, directory, join(directory, 'state'))).rejects.toMatchObject({
      code: 'vmm-failed',
    });
  });

  test('refuses a state that holds the guest’s memory', async () => {
    const directory = temporaryDirectory();
    const chunk = Buffer.alloc(1_048_576);
    const qmp = await sendingVmm(directory, (socket) => {
      for (let sent = 0; sent < 17; sent++) socket.write(chunk);
      qmp.send(DONE, COMPLETED);
    });
    await expect(saveState(qmp.client, directory, join(directory, 'state'))).rejects.toThrow(
      "the template's state is larger than 16777216 bytes",
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  test('does not write over a state that is there', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'state'));
    const qmp = await sendingVmm(directory, async (socket) => {
      socket.end('x');
      await once(socket, 'close');
      qmp.send(DONE, COMPLETED);
    });
    await expect(saveState(qmp.client, directory, join(directory, 'state'))).rejects.toMatchObject({
      code: 'host-io',
      message: expect.stringContaining(`write ${join(directory, 'state')}`) as string,
    });
  });
});

describe('restoring', () => {
  test('sends everything in one go and ends with the migration', async () => {
    const qmp = await FakeQmp.start(({ execute }) =>
      execute === 'migrate-incoming' ? undefined : DONE,
    );
    const restored = restoreState(qmp.client);
    let ended = false;
    void restored.then(() => (ended = true));
    qmp.send(SETUP, ACTIVE);
    await qmp.client.event('MIGRATION', ({ status }) => status === 'active');
    expect(ended).toBe(false);
    qmp.send(DONE, COMPLETED);
    await restored;
    expect(qmp.received.slice(1)).toEqual([
      CAPABILITIES,
      { execute: 'migrate-incoming', arguments: { uri: 'fd:14' } },
    ]);
  });

  test.each<[string, Answer, string]>([
    [
      'an answer that refuses it',
      ({ execute }) => (execute === 'migrate-incoming' ? refused('bad magic') : DONE),
      'the VMM refused migrate-incoming: bad magic',
    ],
    [
      'a capability that is missing',
      ({ execute }) => (execute === 'migrate-set-capabilities' ? refused('unknown') : DONE),
      'the VMM refused migrate-set-capabilities: unknown',
    ],
    [
      'an event',
      ({ execute }) => (execute === 'migrate-incoming' ? FAILED : DONE),
      "the VMM could not move the template's state",
    ],
  ])('fails by %s', async (_what, answer, message) => {
    const qmp = await FakeQmp.start(answer);
    await expect(restoreState(qmp.client)).rejects.toMatchObject({ code: 'vmm-failed', message });
    qmp.client.close();
  });

  test('fails when the VMM dies over it', async () => {
    const qmp = await FakeQmp.start(({ execute }) => {
      if (execute !== 'migrate-incoming') return DONE;
      qmp.far.destroy();
      return undefined;
    });
    await expect(restoreState(qmp.client)).rejects.toMatchObject({ code: 'vmm-failed' });
  });
});

test('the image is taken from a machine that stands still, and never from one that runs', async () => {
  const qmp = await FakeQmp.start(() => DONE);
  await stopWithoutImage(qmp.client, 4096);
  expect(qmp.received.slice(1)).toEqual([
    { execute: 'stop', arguments: {} },
    {
      execute: 'blockdev-add',
      arguments: { driver: 'null-co', 'node-name': 'nothing', size: 4096, 'read-only': true },
    },
    {
      execute: 'blockdev-reopen',
      arguments: {
        options: [{ driver: 'raw', 'node-name': 'image', 'read-only': true, file: 'nothing' }],
      },
    },
  ]);
  const refusing = await FakeQmp.start(({ execute }) =>
    execute === 'stop' ? refused('no') : DONE,
  );
  await expect(stopWithoutImage(refusing.client, 4096)).rejects.toMatchObject({
    code: 'vmm-failed',
  });
  expect(refusing.received.slice(1).map(({ execute }) => execute)).toEqual(['stop']);
});

/** A VMM that connects to where the state is wanted when it is told to migrate. */
async function sendingVmm(
  directory: string,
  send: (socket: Socket) => void | Promise<void>,
): Promise<FakeQmp> {
  return FakeQmp.start(({ execute }) => {
    if (execute !== 'migrate') return DONE;
    const socket = createConnection(shortPath(directory));
    socket.on('error', () => undefined); // it is hung up on in some tests
    onTestFinished(() => void socket.destroy());
    socket.on('connect', () => void send(socket));
    return undefined;
  });
}

/** As a VMM does it: through a descriptor of the directory, here one that a link stands for. */
function shortPath(directory: string): string {
  const link = join(temporaryDirectory(), 'l');
  symlinkSync(directory, link);
  return join(link, 'state.sock');
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-state-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
