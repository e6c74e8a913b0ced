import { Transform, type TransformCallback } from 'node:stream';

/**
 * Passes input on until the detach keys arrive. Bytes that may start the sequence are held back, and passed
 * on if another key follows: then they were meant for the box.
 */
export class DetachScanner extends Transform {
  readonly #keys: Uint8Array;
  readonly #detached: () => void;
  #matched = 0;
  #done = false;

  /** @param keys at least one byte */
  constructor(keys: Uint8Array, detached: () => void) {
    super();
    this.#keys = keys;
    this.#detached = detached;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passed: number[] = [];
    for (const byte of chunk) {
      if (this.#done) break;
      this.#take(byte, passed);
    }
    if (passed.length > 0) this.push(Buffer.from(passed));
    done();
    if (this.#done) this.#detached();
  }

  #take(byte: number, passed: number[]): void {
    if (byte !== this.#keys[this.#matched]) {
      passed.push(...this.#keys.subarray(0, this.#matched));
      this.#matched = 0;
      if (byte !== this.#keys[0]) {
        passed.push(byte);
        return;
      }
    }
    this.#matched++;
    this.#done = this.#matched === this.#keys.length;
  }
}
