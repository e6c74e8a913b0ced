import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ShimClient } from '../../src/agent/client.js';
import { encodeMessage } from '../../src/agent/codec.js';
import { encodeFrame } from '../../src/agent/frame.js';
import { GENERATION, SHIM_PHASES, STAGES } from '../../src/agent/protocol.js';
import { Deferred } from '../../src/deferred.js';
import { connect, EXEC, FakeShim, type Script } from '../helpers/fake-shim.js';

const NETWORK = {
  address: 0x0a00_020f,
  prefix: 24,
  gateway: 0x0a00_0202,
  address6: Buffer.alloc(16, 6),
  prefix6: 64,
  gateway6: Buffer.alloc(16, 7),
  mtu: 65_520,
};

const BOOTSTRAP = {
  wallNs: 1_700_000_000_000_000_000n,
  entropy: Buffer.alloc(32, 1),
  flags: 1,
  hostname: 'box',
  machineId: '0'.repeat(32),
  ...NETWORK,
  domainname: '',
  mac: '',
  resolvConf: '',
  sysctls: [],
  limits: [],
  devices: [],
  hosts: '',
  shmBytes: 67_108_864n,
  pidsMax: 0,
  mounts: [],
  addresses: [],
};

describe('ShimClient.connect', () => {
  it('knows what the shim says of itself', async () => {
    await using shim = await FakeShim.start((peer) => peer.welcome());
    await using client = await connect(shim);
    expect(client.phase).toBe(SHIM_PHASES.RUNNING);
    expect([client.shimPid, client.vmmPid, client.box]).toEqual([11, 12, '01hzzbox']);
  });

  it('finds nobody where there is no directory, no socket or a dead one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'boxlite-agent-'));
    expect(await ShimClient.connect(join(directory, 'missing'))).toBeNull();
    expect(await ShimClient.connect(directory)).toBeNull();
    await leaveDeadSocket(join(directory, 'shim.sock'));
    expect(await ShimClient.connect(directory)).toBeNull();
    await rm(directory, { recursive: true });
  });

  it('finds nobody where the shim leaves before it has said anything', async () => {
    await using shim = await FakeShim.start((peer) => peer.socket.destroy());
    expect(await ShimClient.connect(shim.directory)).toBeNull();
  });

  it('reaches a socket whose path is longer than a socket path may be', async () => {
    const root = await mkdtemp(join(tmpdir(), 'boxlite-agent-'));
    const directory = join(root, 'a path with spaces and ünïcode '.repeat(4), 'x'.repeat(100));
    await mkdir(directory, { recursive: true });
    const frame = encodeMessage('welcome', {
      generation: GENERATION,
      phase: 1,
      shimPid: 1,
      vmmPid: 2,
      box: 'b',
    });
    const server = createServer((socket) =>
      socket.write(encodeFrame({ session: 0, type: 0xc1, flags: 0, payload: frame })),
    );
    const cwd = process.cwd();
    process.chdir(directory);
    await new Promise<void>((resolve) => server.listen('shim.sock', resolve));
    process.chdir(cwd);
    const client = await ShimClient.connect(directory);
    expect(client?.box).toBe('b');
    client?.close();
    await client?.closed;
    server.close();
    await rm(root, { recursive: true });
  });

  it('names both generations when the shim speaks another', async () => {
    await using shim = await FakeShim.start((peer) => peer.welcome({ generation: 99 }));
    await expect(ShimClient.connect(shim.directory)).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringMatching(
        new RegExp(`generation 99 of the protocol, this BoxLite generation ${GENERATION}`),
      ) as string,
      remedy: { action: 'stop', box: expect.any(String) as string },
    });
  });

  it('gives up on a shim that takes the connection and says nothing', async () => {
    await using shim = await FakeShim.start(() => undefined);
    await expect(ShimClient.connect(shim.directory, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'timeout',
    });
  });

  const hostile: [string, Script][] = [
    ['a phase nobody knows', (peer) => peer.welcome({ phase: 9 })],
    ['a header that claims 4 GB', (peer) => peer.socket.write(Buffer.alloc(12, 0xff))],
    [
      'a welcome cut short',
      (peer) => peer.socket.write(Buffer.from('03000000000000' + '00c1000000010203', 'hex')),
    ],
    [
      'a frame of a type nobody knows',
      (peer) => peer.socket.write(Buffer.from('00000000000000' + '00700000' + '00', 'hex')),
    ],
  ];
  it.each(hostile)('refuses %s', async (_attack, script) => {
    await using shim = await FakeShim.start(script);
    await expect(ShimClient.connect(shim.directory)).rejects.toMatchObject({ code: 'protocol' });
  });

  it('does not connect to a file that is no socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'boxlite-agent-'));
    await writeFile(join(directory, 'shim.sock'), '');
    expect(await ShimClient.connect(directory)).toBeNull();
    await rm(directory, { recursive: true });
  });
});

describe('starting a box', () => {
  it('waits for the agent, which may have been ready before it was asked', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer
        .welcome({ phase: SHIM_PHASES.STARTING })
        .send('ready', 0, { generation: GENERATION, uptimeNs: 5n }),
    );
    await using client = await connect(shim);
    expect(await client.waitReady()).toEqual({ uptimeNs: 5n });
    expect(await client.waitReady()).toEqual({ uptimeNs: 5n });
  });

  it('names both generations when the agent speaks another', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer.welcome().send('ready', 0, { generation: 99, uptimeNs: 5n }),
    );
    await using client = await connect(shim);
    await expect(client.waitReady()).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringMatching(
        new RegExp(`agent in box .* speaks generation 99 .* generation ${GENERATION}$`),
      ) as string,
    });
  });

  it('sends the generation with bootstrap and gives the times of its phases', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer.welcome().on('bootstrap', (frame) => {
        peer.send('bootstrapped', 0, {
          identityNs: BigInt(frame.payload.readUInt32LE(0)),
          disksNs: 2n,
          networkNs: 3n,
        });
      }),
    );
    await using client = await connect(shim);
    const times = await client.bootstrap(BOOTSTRAP);
    expect(times).toEqual({ identityNs: BigInt(GENERATION), disksNs: 2n, networkNs: 3n });
  });

  it('sends the generation with prepare, and resolves when all of it is done', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer.welcome().on('prepare', (frame) => {
        const right = frame.payload.readUInt32LE(0) === GENERATION;
        peer.send(right ? 'prepared' : 'ready', 0, {} as never);
      }),
    );
    await using client = await connect(shim);
    await client.prepare(NETWORK);
  });

  it('names the stage at which a machine could not be prepared', async () => {
    await using shim = await FakeShim.start((peer) =>
      peer.welcome().on('prepare', () => {
        peer.send('failed', 0, { errno: 5, stage: STAGES.DISKS, message: 'mount' });
      }),
    );
    await using client = await connect(shim);
    await expect(client.prepare(NETWORK)).rejects.toMatchObject({
      code: 'boot-failed',
      stage: 'disks',
    });
  });

  it('names the stage that failed, and the guest can not dress its words up', async () => {
    const message = 'mount\u001b[2J /dev/vdb';
    await using shim = await FakeShim.start((peer) =>
      peer.welcome().on('bootstrap', () => {
        peer.send('failed', 0, { errno: 5, stage: STAGES.DISKS, message });
      }),
    );
    await using client = await connect(shim);
    await expect(client.bootstrap(BOOTSTRAP)).rejects.toMatchObject({
      code: 'boot-failed',
      stage: 'disks',
      message: 'mount [2J /dev/vdb',
    });
  });

  it.each([
    ['ready', 'agent', (client: ShimClient) => client.waitReady()],
    ['bootstrapped', 'bootstrap', (client: ShimClient) => client.bootstrap(BOOTSTRAP)],
  ] as const)('fails at its stage when the box ends before %s', async (_name, stage, wait) => {
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().send('gone', 0, {});
    });
    await using client = await connect(shim);
    await expect(wait(client)).rejects.toMatchObject({ code: 'boot-failed', stage });
  });

  it('asks the running box for an address, in a session of its own', async () => {
    const sessions: number[] = [];
    await using shim = await FakeShim.start((peer) =>
      peer.welcome().on('netAddress', ({ session, payload }) => {
        sessions.push(session);
        if (payload[0] === 1) peer.send('netAddressed', session, {});
        else peer.send('failed', session, { errno: 19, stage: STAGES.EXEC, message: 'no eth0' });
      }),
    );
    await using client = await connect(shim);
    const address = { address: 1, prefix: 16, address6: Buffer.alloc(16), prefix6: 64 };
    await client.changeAddress({ add: 1, ...address });
    await expect(client.changeAddress({ add: 0, ...address })).rejects.toMatchObject({
      code: 'exec-failed',
      message: 'no eth0',
    });
    expect(sessions).toEqual([2, 3]);
  });

  it('asks for a message of several frames in one piece', async () => {
    const lengths: number[] = [];
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('exec', (frame) => {
        lengths.push(frame.payload.length);
        if (frame.flags === 0) peer.send('started', frame.session, { pid: 3 });
      });
    });
    await using client = await connect(shim);
    const { pid } = await client.exec({ ...EXEC, argv: ['x'.repeat(150_000)] }).started;
    expect(pid).toBe(3);
    expect(lengths).toHaveLength(3);
    expect(lengths.slice(0, 2)).toEqual([65_536, 65_536]);
  });
});

describe('control', () => {
  it('sends each request on the control session', async () => {
    const seen: string[] = [];
    await using shim = await FakeShim.start((peer) => {
      peer.welcome();
      for (const name of ['ownExit', 'exitHandled', 'shutdown', 'killVmm'] as const)
        peer.on(name, (frame) => {
          seen.push(`${name}/${frame.session}`);
          if (name === 'killVmm') peer.send('gone', 0, {});
        });
    });
    await using client = await connect(shim);
    client.ownExit();
    client.exitHandled();
    client.shutdown();
    client.killVmm();
    await client.closed;
    expect(seen).toEqual(['ownExit/0', 'exitHandled/0', 'shutdown/0', 'killVmm/0']);
  });

  it('delivers what was sent just before it was closed', async () => {
    const seen: string[] = [];
    const left = new Deferred<undefined>();
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('exitHandled', () => seen.push('exitHandled'));
      peer.socket.on('close', () => left.resolve(undefined));
    });
    const client = await connect(shim);
    client.exitHandled();
    client.close();
    await client.closed;
    await left.promise;
    expect(seen).toEqual(['exitHandled']);
  });

  it('can still say that it handled the end after the box has ended', async () => {
    const seen: string[] = [];
    const left = new Deferred<undefined>();
    await using shim = await FakeShim.start((peer) => {
      peer.welcome().on('ownExit', () => peer.send('gone', 0, {}));
      peer.on('exitHandled', () => seen.push('exitHandled'));
      peer.socket.on('close', () => left.resolve(undefined));
    });
    await using client = await connect(shim);
    client.ownExit();
    await client.closed;
    client.exitHandled();
    await left.promise;
    expect(seen).toEqual(['exitHandled']);
  });

  it('is silent after the box has ended', async () => {
    await using shim = await FakeShim.start((peer) => peer.welcome().send('gone', 0, {}));
    await using client = await connect(shim);
    await client.closed;
    client.killVmm();
    client.exitHandled();
    const session = client.exec(EXEC);
    await expect(session.started).rejects.toMatchObject({ code: 'box-not-running' });
    await expect(session.exited).rejects.toMatchObject({ code: 'box-not-running' });
    await expect(client.main().exited).rejects.toMatchObject({ code: 'box-not-running' });
  });
});

/** Binds a socket and ends without removing it, as a process that was killed does. */
async function leaveDeadSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.live`, resolve));
  // Renamed, so that closing the server can't find and remove it.
  await rename(`${path}.live`, path);
  await new Promise((resolve) => server.close(resolve));
}
