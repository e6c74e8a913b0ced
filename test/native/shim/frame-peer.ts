import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageValues,
  type TableMessageName,
} from '../../../src/agent/codec.js';
import { encodeFrame, type Frame, FrameDecoder } from '../../../src/agent/frame.js';
import { type MessageName, MESSAGES } from '../../../src/agent/protocol.js';

/** One end of a stream of frames, read frame by frame: a client of the shim, or the guest. */
export class FramePeer {
  /** Resolves when the other end has closed. */
  readonly closed: Promise<void>;
  readonly #frames: Frame[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(readonly socket: Socket) {
    const decoder = new FrameDecoder((frame) => {
      this.#frames.push({ ...frame, payload: Buffer.from(frame.payload) });
      this.#wake?.();
    });
    socket.on('data', (chunk: Buffer) => decoder.push(chunk));
    // The other end may disappear at any time; 'close' reports it.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        this.#wake?.();
        resolve();
      });
    });
  }

  static async connect(path: string): Promise<FramePeer> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new FramePeer(socket);
  }

  send<N extends TableMessageName>(
    name: N,
    session: number,
    values: MessageValues<N>,
    flags = 0,
  ): void {
    this.raw(name, session, encodeMessage(name, values), flags);
  }

  raw(name: MessageName, session: number, payload: Buffer | string, flags = 0): void {
    const { type } = MESSAGES[name];
    this.socket.write(encodeFrame({ session, type, flags, payload: Buffer.from(payload) }));
  }

  /** Returns the next frame. */
  async next(): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#isClosed) throw new Error('the connection ended before the frame came');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Expects this message as the next frame, and returns its payload. */
  async expectRaw(name: MessageName, session: number): Promise<Buffer> {
    const frame = await this.next();
    const got = `${nameOf(frame.type)} on session ${frame.session}`;
    if (frame.type !== MESSAGES[name].type || frame.session !== session)
      throw new Error(`expected ${name} on session ${session}, got ${got}`);
    return frame.payload;
  }

  async expect<N extends TableMessageName>(name: N, session: number): Promise<Message<N>> {
    return decodeMessage(name, await this.expectRaw(name, session));
  }

  /** The frames that arrived and were not read. */
  get waiting(): number {
    return this.#frames.length;
  }

  /** Closes after all frames have been sent. */
  end(): void {
    this.socket.end();
  }

  /** Closes at once, as if the process were killed. */
  close(): void {
    this.socket.destroy();
  }
}

export function nameOf(type: number): string {
  const found = Object.entries(MESSAGES).find(([, message]) => message.type === type);
  return found?.[0] ?? `0x${type.toString(16)}`;
}
