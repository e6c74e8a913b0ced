import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShimClient } from '../../src/agent/client.js';
import { encodeMessage, type MessageValues, type TableMessageName } from '../../src/agent/codec.js';
import { encodeFrame, type Frame, FrameDecoder, messageFrames } from '../../src/agent/frame.js';
import { FRAME_FLAGS, GENERATION, MESSAGES, SHIM_PHASES } from '../../src/agent/protocol.js';

/** The behaviour of the other end of one connection, driven through `peer`. */
export type Script = (peer: FakePeer) => void;

/** A server on a box's socket that speaks the frame protocol, in this process. */
export class FakeShim implements AsyncDisposable {
  readonly directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param where the box's directory, which is there; default: one of its own */
  static async start(script: Script, where?: string): Promise<FakeShim> {
    const directory = where ?? (await mkdtemp(join(tmpdir(), 'boxlite-shim-')));
    const shim = new FakeShim(directory, script);
    await new Promise<void>((resolve) => {
      shim.#server.listen(join(directory, 'shim.sock'), resolve);
    });
    return shim;
  }

  private constructor(directory: string, script: Script) {
    this.directory = directory;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      // Some tests have a client that leaves in the middle of a write.
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      script(new FakePeer(socket));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The shim's end of one connection. */
export class FakePeer {
  readonly socket: Socket;
  readonly #handlers: ((frame: Frame) => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new FrameDecoder((frame) => {
      for (const handler of this.#handlers) handler(frame);
    });
    socket.on('data', (chunk: Buffer) => decoder.push(chunk));
  }

  /** Sends the shim's first message. */
  welcome(values: Partial<MessageValues<'welcome'>> = {}): this {
    return this.send('welcome', 0, {
      generation: GENERATION,
      phase: SHIM_PHASES.RUNNING,
      shimPid: 11,
      vmmPid: 12,
      box: '01hzzbox',
      ...values,
    });
  }

  send<N extends TableMessageName>(name: N, session: number, values: MessageValues<N>): this {
    const payload = encodeMessage(name, values);
    for (const frame of messageFrames({ session, type: MESSAGES[name].type, flags: 0, payload }))
      this.socket.write(encodeFrame(frame));
    return this;
  }

  output(stream: 'stdout' | 'stderr', session: number, payload: Buffer): this {
    this.socket.write(encodeFrame({ session, type: MESSAGES[stream].type, flags: 0, payload }));
    return this;
  }

  /** Calls back for each frame with this message. */
  on(name: keyof typeof MESSAGES, handler: (frame: Frame) => void): this {
    this.#handlers.push((frame) => {
      if (frame.type === MESSAGES[name].type) handler(frame);
    });
    return this;
  }
}

/** A command for tests in which its content does not matter. */
export const EXEC: MessageValues<'exec'> = {
  flags: 0,
  rows: 0,
  cols: 0,
  timeoutMs: 0,
  capabilities: 0n,
  oomScoreAdj: 1_000,
  user: '',
  groups: [],
  cwd: '/',
  argv: ['true'],
  env: [],
  rlimits: [],
};

export async function connect(shim: FakeShim): Promise<ShimClient> {
  const client = await ShimClient.connect(shim.directory);
  if (client === null) throw new Error('the fake shim was not there');
  return client;
}

/** True for the frame that ends a session's stdin. */
export function isEof(frame: Frame): boolean {
  return (frame.flags & FRAME_FLAGS.EOF) !== 0;
}
