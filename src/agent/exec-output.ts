import type { BoxliteError } from '../errors.js';
import { ByteStream } from './byte-stream.js';

/** Unread bytes are gathered in blocks of at least this size. */
const BLOCK_BYTES = 8192;

/**
 * One output stream of a session. Bytes go straight to a consumer that is reading; otherwise they
 * wait here. What waits is bounded by the session's window, because consumption is reported only for
 * what a consumer has taken.
 */
export class ExecOutput {
  readonly #onConsumed: (bytes: number) => void;
  #readable: ByteStream | undefined;
  /** Why there is nothing to read, when what waited was thrown away. */
  #lost: BoxliteError | undefined;
  /** The consumer has asked for bytes and not been answered. */
  #wanted = false;
  #ended = false;
  #discarding = false;
  readonly #blocks: Buffer[] = [];
  /** Bytes used of the last block. */
  #used = 0;
  /** Bytes used of all blocks. */
  #waiting = 0;

  constructor(onConsumed: (bytes: number) => void) {
    this.#onConsumed = onConsumed;
  }

  /** Made when first asked for: a caller that takes the bytes raw never pays for a stream. */
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

  /** Bytes that wait for a stream that nobody has asked for. */
  get unopenedBytes(): number {
    return this.#readable === undefined && !this.#discarding ? this.#waiting : 0;
  }

  /** Throws away what waits and all that comes: whoever asks for the stream later is told so. */
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

  /** Empties what waits, in order, for a consumer that takes over without the stream. */
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

  /** The reader has gone away. The command must not stall for it. */
  #discard(): void {
    this.#discarding = true;
    for (const block of this.take()) this.#onConsumed(block.length);
  }

  /**
   * Copies what has to wait: a view of a few bytes would keep alive the whole chunk it came in, and
   * a guest could choose what it comes in.
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
