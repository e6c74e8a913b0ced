import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { encodeTable, type MessageValues } from '../../../src/agent/codec.js';
import { type Field, GENERATION, SHIM_CONFIG, WALLS } from '../../../src/agent/protocol.js';
import { nativeProgram } from '../../../src/host/native-programs.js';
import { FramePeer } from './frame-peer.js';

export const BOX = '01jdtest000000000000000000';
const NATIVE = join(import.meta.dirname, '../../../native');
export const FAKE_VMM = join(NATIVE, 'build/test/shim/fake-vmm');
export const FAKE_NET = join(NATIVE, 'build/test/shim/fake-net');

export const BUILD_TIMEOUT_MS = 600_000;

/** Builds the shim and the fake VMMs, unless they are up to date. */
export async function buildShim(): Promise<void> {
  await promisify(execFile)('make', [
    '-s',
    '-C',
    NATIVE,
    'all',
    'build/test/shim/fake-vmm',
    'build/test/shim/fake-hostile-vmm',
    'build/test/shim/fake-jailed-vmm',
    'build/test/shim/fake-leaving-vmm',
    'build/test/shim/fake-key-owner',
    'build/test/shim/fake-net',
  ]);
}

export const DESCRIPTORS = { qmp: 10, port: 11, console: 12, share: 19 } as const;

type Config = Record<string, unknown>;

/** The configuration of a box without a network. */
const NO_NETWORK = {
  ...{ netProgram: '', netFd: 0, macAddress: '', address: 0, prefix: 0, prefixLength: 0 },
  ...{ gateway: 0, resolver: 0, address6: '', prefix6: '', gateway6: '', resolver6: '', mtu: 0 },
  ...{ ports: [], netMode: 0, netReports: 0, hostPorts: [], netRules: [] },
  ...{ netTx: 0n, netRx: 0n, networkDirectory: '', hubProgram: '', links: [] },
};

/** A temporary directory, the fake VMM's socket in it, and all shims started there. */
export class ShimHarness implements AsyncDisposable {
  readonly #server: Server;
  readonly #children: ChildProcess[] = [];
  readonly #peers: FramePeer[] = [];
  readonly #guests: Socket[] = [];
  readonly #waiting: ((socket: Socket) => void)[] = [];

  private constructor(
    readonly root: string,
    readonly directory: string,
    server: Server,
  ) {
    this.#server = server;
    server.on('connection', (socket) => {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) this.#guests.push(socket);
      else waiter(socket);
    });
  }

  /** @param name of the box's directory, below the temporary one */
  static async make(name = 'box'): Promise<ShimHarness> {
    const root = await mkdtemp(join(tmpdir(), 'shim-'));
    const directory = join(root, name);
    await mkdir(directory, { recursive: true });
    const server = createServer();
    server.listen(join(root, 'vmm.sock'));
    await once(server, 'listening');
    return new ShimHarness(root, directory, server);
  }

  config(changes: Config = {}): Config {
    return {
      generation: GENERATION,
      flags: 0,
      walls: WALLS.SHIM_CALLS | WALLS.SHIM_LANDLOCK,
      neededWalls: 0,
      roots: [],
      box: BOX,
      directory: this.directory,
      consoleLimit: 65_536,
      logMaxBytes: 0n,
      logMaxFiles: 1,
      argv: [
        FAKE_VMM,
        String(DESCRIPTORS.port),
        String(DESCRIPTORS.console),
        join(this.root, 'vmm.sock'),
      ],
      env: ['LANG=C'],
      files: [],
      qmpFd: DESCRIPTORS.qmp,
      portFd: DESCRIPTORS.port,
      consoleFd: DESCRIPTORS.console,
      idDirectory: '',
      firstId: 0,
      idRanges: 0,
      foreignIds: [],
      rlimits: [],
      ...{ groupMemory: 2n ** 30n, groupTasks: 128, groupWeight: 0 },
      preload: '',
      onExit: [],
      onExitEnv: [],
      exitDelayMs: 0,
      timeoutMs: 0,
      shareFd: DESCRIPTORS.share,
      shares: [],
      ...NO_NETWORK,
      ...changes,
    };
  }

  /**
   * Runs a shim on a configuration, or on bytes that may not be one.
   * @param before what a shell does first; its arguments, if it sets any, are what starts the shim
   */
  spawn(config: Config | Buffer, before = 'true'): RunningShim {
    const words = ['-c', `${before}; exec "$@" "$0"`, nativeProgram('boxlite-shim')];
    const child = spawn('/bin/sh', words, {
      detached: true,
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return new RunningShim(child, Buffer.isBuffer(config) ? config : configMessage(config));
  }

  /** Starts a shim whose VMM runs; the test holds the guest's end of its port. */
  async start(changes: Config = {}): Promise<{ shim: RunningShim; guest: FramePeer }> {
    const shim = this.spawn(this.config(changes));
    const [line, guest] = await Promise.all([shim.statusLine, this.guest(shim)]);
    if (!line.startsWith('up ')) throw new Error(`the shim said: ${line}`);
    return { shim, guest };
  }

  /** Does the same, connects a client and starts the box's command. */
  async running(
    changes: Config = {},
  ): Promise<{ shim: RunningShim; guest: FramePeer; client: FramePeer }> {
    const { shim, guest } = await this.start(changes);
    const client = await this.client();
    client.raw('attach', 1, '');
    client.send('exec', 1, EXEC);
    await guest.expect('exec', 1);
    guest.send('started', 1, { pid: 1 });
    await client.expect('started', 1);
    return { shim, guest, client };
  }

  /** Resolves with the next connection of a fake VMM; rejects if the shim ends without one. */
  async guest(shim: RunningShim): Promise<FramePeer> {
    const early = this.#guests.shift();
    const socket =
      early ??
      (await Promise.race([
        new Promise<Socket>((resolve) => this.#waiting.push(resolve)),
        shim.exited.then(async () => {
          throw new Error(`the shim ended: ${await shim.statusLine}`);
        }),
      ]));
    const peer = new FramePeer(socket);
    this.#peers.push(peer);
    return peer;
  }

  /** Connects a client and reads its welcome. */
  async client(): Promise<FramePeer> {
    const peer = await FramePeer.connect(join(this.directory, 'shim.sock'));
    this.#peers.push(peer);
    await peer.expect('welcome', 0);
    return peer;
  }

  async record(name: 'started' | 'exit' | 'boot-error'): Promise<Record<string, unknown>> {
    const text = await readFile(join(this.directory, `${name}.json`), 'utf8');
    return JSON.parse(text) as Record<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    for (const peer of this.#peers) peer.close();
    this.#server.close();
    await rm(this.root, { recursive: true, force: true });
  }
}

export class RunningShim {
  readonly lifeline: Duplex;
  /** Resolves with all that the shim wrote to its status pipe, once the pipe is closed. */
  readonly statusLine: Promise<string>;
  readonly exited: Promise<void>;

  constructor(
    readonly child: ChildProcess,
    message: Buffer,
  ) {
    this.lifeline = child.stdio[3] as Duplex;
    this.lifeline.on('error', () => undefined);
    this.lifeline.write(message);
    const status = child.stdio[4] as Readable;
    status.setEncoding('utf8');
    this.statusLine = new Promise((resolve) => {
      let text = '';
      status.on('data', (chunk: string) => {
        text += chunk;
      });
      status.on('close', () => resolve(text.trimEnd()));
    });
    this.exited = once(child, 'exit').then(() => undefined);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the shim did not start');
    return this.child.pid;
  }

  async vmmPid(): Promise<number> {
    return Number((await this.statusLine).split(' ')[1]);
  }
}

export const EXEC: MessageValues<'exec'> = {
  flags: 0,
  rows: 0,
  cols: 0,
  timeoutMs: 0,
  capabilities: 0n,
  oomScoreAdj: 1_000,
  user: '',
  groups: [],
  cwd: '',
  argv: ['true'],
  env: [],
  rlimits: [],
};

export const EXITED_0 = { code: 0, signal: 0, flags: 0 };

export function configMessage(config: Config): Buffer {
  const fields: readonly Field[] = SHIM_CONFIG;
  return prefixed(encodeTable(fields, config as never));
}

export function prefixed(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(message.length);
  return Buffer.concat([length, message]);
}
