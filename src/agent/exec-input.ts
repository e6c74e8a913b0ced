import { Writable } from 'node:stream';
import { LIMITS } from './protocol.js';

/** Sends a piece of stdin; `done` is called when the piece's memory may be used again. */
export type SendStdin = (piece: Buffer, eof: boolean, done?: () => void) => void;

const EMPTY = Buffer.alloc(0);

/** A session's stdin: a stream that sends no more than the guest has room for. */
export class ExecInput {
  readonly writable: Writable;
  readonly #send: SendStdin;
  #room: number = LIMITS.WINDOW;
  /** The unsent rest of the chunk being written, and its callback; empty when all of it is sent. */
  #rest: Buffer = EMPTY;
  #done: (() => void) | undefined;
  #closed = false;

  constructor(send: SendStdin) {
    this.#send = send;
    this.writable = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#rest = chunk;
        this.#done = done;
        if (chunk.length === 0) this.#settle();
        else this.#pump();
      },
      final: (done) => {
        this.#finish();
        done();
      },
      destroy: (error, done) => {
        this.#finish();
        done(error);
      },
    });
  }

  /** The next step is the guest's: it has no room for what waits, or has received the end of stdin. */
  get awaitsGuest(): boolean {
    return this.#rest.length > 0 || this.#closed;
  }

  /** The guest has passed `bytes` to the command. */
  credit(bytes: number): void {
    // The guest may credit us for another client's stdin to the same command; the window never grows by it.
    this.#room = Math.min(this.#room + bytes, LIMITS.WINDOW);
    this.#pump();
  }

  /** The command has ended: nothing more is sent, and the stream is destroyed without an error. */
  close(): void {
    this.#closed = true;
    this.#rest = EMPTY;
    this.#settle();
    this.writable.destroy();
  }

  #pump(): void {
    while (this.#room > 0 && this.#rest.length > 0) {
      const piece = this.#rest.subarray(0, Math.min(this.#room, LIMITS.MAX_PAYLOAD));
      this.#rest = this.#rest.subarray(piece.length);
      this.#room -= piece.length;
      if (this.#rest.length > 0) this.#send(piece, false);
      else this.#sendLast(piece);
    }
  }

  /**
   * The writer may reuse its buffer only after the chunk's last piece has left. From here on the socket owns
   * the chunk: credit that arrives earlier must not end it.
   */
  #sendLast(piece: Buffer): void {
    const done = this.#done;
    this.#done = undefined;
    this.#send(piece, false, () => done?.());
  }

  #settle(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }

  /** Sends the guest the end of stdin once, unless the command has ended already. */
  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#send(EMPTY, true);
  }
}
