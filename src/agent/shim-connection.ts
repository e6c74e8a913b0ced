import type { Socket } from 'node:net';
import { BoxliteError } from '../errors.js';
import { encodeMessage, type MessageValues, type TableMessageName } from './codec.js';
import { type Frame, FrameDecoder, frameHeader, MessageAssembler, messageFrames } from './frame.js';
import { FRAME_FLAGS, type MessageName, MESSAGES } from './protocol.js';

export interface ConnectionEvents {
  /** Bytes of a session's output. */
  onOutput(session: number, stream: 'stdout' | 'stderr', chunk: Buffer): void;
  /** A whole message that has a table. */
  onMessage(session: number, name: TableMessageName, payload: Buffer): void;
  /** Called once, last: with `error` when the peer broke the protocol. */
  onClose(error: BoxliteError | undefined): void;
}

const NAME_OF_TYPE: ReadonlyMap<number, MessageName> = new Map(
  Object.entries(MESSAGES).map(([name, { type }]) => [type, name as MessageName]),
);

/** Frames in and out of one socket. An error that a handler throws ends the connection. */
export class ShimConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #assembler = new MessageAssembler();
  #error: BoxliteError | undefined;

  /** @param socket connected, with an 'error' listener, and not yet read from */
  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    const decoder = new FrameDecoder((frame) => {
      if (!socket.destroyed) this.#receive(frame);
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        decoder.push(chunk);
      } catch (error) {
        if (!(error instanceof BoxliteError)) throw error;
        this.fail(error);
      }
    });
    if (socket.closed) queueMicrotask(() => this.#closed());
    else socket.once('close', () => this.#closed());
  }

  /** @param flags FRAME_FLAGS of each of its frames */
  send<N extends TableMessageName>(
    name: N,
    session: number,
    values: MessageValues<N>,
    flags = 0,
  ): void {
    const payload = encodeMessage(name, values);
    if (!this.#socket.writable) return;
    this.#socket.cork();
    for (const frame of messageFrames({ session, type: MESSAGES[name].type, flags, payload })) {
      this.#socket.write(frameHeader(frame, frame.payload.length));
      if (frame.payload.length > 0) this.#socket.write(frame.payload);
    }
    this.#socket.uncork();
  }

  /** @param done called when the bytes have left, or never will */
  sendStdin(session: number, payload: Buffer, eof: boolean, done?: () => void): void {
    if (!this.#socket.writable) {
      done?.();
      return;
    }
    const frame = { session, type: MESSAGES.stdin.type, flags: eof ? FRAME_FLAGS.EOF : 0 };
    this.#socket.cork();
    this.#socket.write(frameHeader(frame, payload.length));
    if (payload.length > 0) this.#socket.write(payload, done);
    else done?.();
    this.#socket.uncork();
  }

  /** Groups several sends: the other side sees them together or, with a full socket, in order. */
  batch(sends: () => void): void {
    this.#socket.cork();
    sends();
    this.#socket.uncork();
  }

  /** Sends what has been written, then ends the connection. */
  close(): void {
    this.#socket.destroySoon();
  }

  /** Ends the connection at once, for `error`. */
  fail(error: BoxliteError): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #receive(frame: Frame): void {
    if (frame.type === MESSAGES.stdout.type)
      this.#events.onOutput(frame.session, 'stdout', frame.payload);
    else if (frame.type === MESSAGES.stderr.type)
      this.#events.onOutput(frame.session, 'stderr', frame.payload);
    else this.#receiveMessage(frame);
  }

  #receiveMessage(frame: Frame): void {
    const name = NAME_OF_TYPE.get(frame.type);
    if (name === undefined || name === 'stdin' || name === 'stdout' || name === 'stderr')
      throw new BoxliteError('protocol', `a frame of type ${frame.type} has no place here`);
    const payload = this.#assembler.add(frame);
    if (payload !== undefined) this.#events.onMessage(frame.session, name, payload);
  }

  #closed(): void {
    this.#events.onClose(this.#error);
  }
}
