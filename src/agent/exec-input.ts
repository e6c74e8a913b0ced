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
  /** What has not been sent of the chunk being written, and what to call for it; empty when all has. */
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

  /** It is for the guest to go on: it has no room for what there is, or has been told that no more comes. */
  get awaitsGuest(): boolean {
    return this.#rest.length > 0 || this.#closed;
  }

  /** The guest has passed `bytes` on to the command. */
  credit(bytes: number): void {
    // Another client's stdin to the same command may be credited to us; the window never grows by it.
    this.#room = Math.min(this.#room + bytes, LIMITS.WINDOW);
    this.#pump();
  }

  /** The command has ended: nothing is sent any more, and the stream is destroyed without an error. */
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
   * Only after the chunk's last piece has left may the writer reuse its buffer. From here on the
   * chunk is the socket's: credit that comes before the piece has left must not end it.
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

  /** Tells the guest once that no more comes, unless the command has ended already. */
  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#send(EMPTY, true);
  }
}
