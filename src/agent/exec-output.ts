import type { BoxliteError } from '../errors.js';
import { ByteStream } from './byte-stream.js';

/** Unread bytes are collected in blocks of at least this size. */
const BLOCK_BYTES = 8192;

/**
 * One output stream of a session. Bytes go straight to a consumer that is reading; otherwise they wait here.
 * The session's window bounds what waits, because only what a consumer has taken counts as consumed.
 */
export class ExecOutput {
  readonly #onConsumed: (bytes: number) => void;
  #readable: ByteStream | undefined;
  /** Why there is nothing to read, if what waited was discarded. */
  #lost: BoxliteError | undefined;
  /** The consumer has asked for bytes and still waits for them. */
  #wanted = false;
  #ended = false;
  #discarding = false;
  readonly #blocks: Buffer[] = [];
  /** Bytes used in the last block. */
  #used = 0;
  /** Bytes used in all blocks. */
  #waiting = 0;

  constructor(onConsumed: (bytes: number) => void) {
    this.#onConsumed = onConsumed;
  }

  /** Created on first use: a caller that takes the raw bytes never pays for a stream. */
  get readable(): ByteStream {
    this.#readable ??= new ByteStream({
      // Nothing is read ahead: a chunk taken by the stream is a chunk taken by its reader.
      highWaterMark: 0,
      read: () => this.#pass(),
      destroy: (error, done) => {
        this.#discard();
        done(error);
      },
    });
    return this.#readable;
  }

  /** Bytes that wait for a stream that nobody has opened. */
  get unopenedBytes(): number {
    return this.#readable === undefined && !this.#discarding ? this.#waiting : 0;
  }

  /** Discards what waits and all that comes; the stream, if somebody opens it later, fails with `reason`. */
  lose(reason: BoxliteError): void {
    this.#lost = reason;
    this.#discard();
  }

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#discarding) this.#onConsumed(chunk.length);
    else if (this.#wanted && this.#readable !== undefined) this.#push(this.#readable, chunk);
    else this.#store(chunk);
  }

  /** No more bytes come. What still waits goes to the stream at once. */
  end(): void {
    this.#ended = true;
    if (this.#readable !== undefined && !this.#discarding) this.#finish(this.#readable);
  }

  /** Takes all that waits, in order, for a consumer that goes on without the stream. */
  take(): Buffer[] {
    this.#trim();
    this.#waiting = 0;
    return this.#blocks.splice(0);
  }

  #pass(): void {
    if (this.#readable === undefined) return;
    if (this.#lost !== undefined) {
      this.#readable.destroy(this.#lost);
      return;
    }
    this.#wanted = true;
    if (this.#ended) {
      this.#finish(this.#readable);
      return;
    }
    this.#trim();
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      this.#waiting -= block.length;
      if (!this.#push(this.#readable, block)) return;
    }
  }

  /** False when the reader has enough for now. */
  #push(readable: ByteStream, chunk: Buffer): boolean {
    this.#wanted = readable.push(chunk);
    this.#onConsumed(chunk.length);
    return this.#wanted;
  }

  #finish(readable: ByteStream): void {
    for (const block of this.take()) readable.push(block);
    readable.push(null);
  }

  /** The reader has left; the command must not stall because of it. */
  #discard(): void {
    this.#discarding = true;
    for (const block of this.take()) this.#onConsumed(block.length);
  }

  /**
   * Copies what has to wait: a view of a few bytes would keep its whole chunk alive, and the guest chooses
   * the size of chunks.
   */
  #store(chunk: Buffer): void {
    this.#waiting += chunk.length;
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.length - this.#used >= chunk.length) {
      last.set(chunk, this.#used);
      this.#used += chunk.length;
      return;
    }
    this.#trim();
    const block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, chunk.length));
    block.set(chunk);
    this.#used = chunk.length;
    this.#blocks.push(block);
  }

  /** Cuts the last block to its used part; nothing is added to it afterwards. */
  #trim(): void {
    const last = this.#blocks.pop();
    if (last === undefined) return;
    this.#blocks.push(last.subarray(0, this.#used));
  }
}
