import type { FileHandle } from 'node:fs/promises';

/** The unit in which EROFS addresses data. */
export const DATA_BLOCK = 4096;

const BUFFER_BYTES = 1 << 20;
/** How many buffers may be on their way to the file; bounds this writer's memory. */
const MAX_PENDING = 3;
const ZERO_BLOCK = Buffer.alloc(DATA_BLOCK);

/**
 * Writes file contents one after another, each from a block boundary. Blocks of zeros become holes.
 * `append`, `hole` and `finishFile` are synchronous; await `drain` often, since it bounds the
 * memory.
 */
export class LayerDataWriter {
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #fill = 0;
  /** File offset of the buffer's first byte. */
  #start = 0;
  #free: Buffer<ArrayBuffer>[] = [];
  #pending = 0;
  #writes: Promise<void> = Promise.resolve();

  constructor(readonly file: FileHandle) {}

  /** Where the next file begins, in blocks. */
  get block(): number {
    return (this.#start + this.#fill) / DATA_BLOCK;
  }

  append(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length) {
      const taken = bytes.copy(this.#buffer, this.#fill, offset);
      this.#fill += taken;
      offset += taken;
      if (this.#fill === BUFFER_BYTES) this.#flush();
    }
  }

  /** Appends zero bytes; costs only the blocks at both ends. */
  hole(length: number): void {
    const here = Math.min(length, BUFFER_BYTES - this.#fill);
    this.#buffer.fill(0, this.#fill, this.#fill + here);
    this.#fill += here;
    if (this.#fill === BUFFER_BYTES) this.#flush();
    if (here === length) return;
    const wholeBlocks = length - here - ((length - here) % DATA_BLOCK);
    this.#start += wholeBlocks;
    this.hole(length - here - wholeBlocks);
  }

  finishFile(): void {
    const rest = this.#fill % DATA_BLOCK;
    if (rest > 0) this.hole(DATA_BLOCK - rest);
  }

  async drain(): Promise<void> {
    if (this.#pending >= MAX_PENDING) await this.#writes;
  }

  /** Writes the rest and sets the file's length, a multiple of the block. */
  async finish(): Promise<void> {
    this.finishFile();
    this.#flush();
    await this.#writes;
    await this.file.truncate(this.#start);
  }

  #flush(): void {
    const buffer = this.#buffer;
    const length = this.#fill;
    const position = this.#start;
    this.#pending++;
    this.#writes = this.#writes.then(async () => {
      await writeNonZero(this.file, buffer, length, position);
      this.#pending--;
      this.#free.push(buffer);
    });
    // The next await reports the failure; until then it must not count as an unhandled rejection.
    this.#writes.catch(() => undefined);
    this.#buffer = this.#free.pop() ?? Buffer.allocUnsafe(BUFFER_BYTES);
    this.#start += length;
    this.#fill = 0;
  }
}

async function writeNonZero(
  file: FileHandle,
  buffer: Buffer,
  length: number,
  position: number,
): Promise<void> {
  let start = 0;
  while (start < length) {
    while (start < length && isZero(buffer, start)) start += DATA_BLOCK;
    let end = start;
    while (end < length && !isZero(buffer, end)) end += DATA_BLOCK;
    if (end > start) await writeAll(file, buffer.subarray(start, end), position + start);
    start = end;
  }
}

function isZero(buffer: Buffer, offset: number): boolean {
  return (
    buffer[offset] === 0 &&
    buffer.compare(ZERO_BLOCK, 0, DATA_BLOCK, offset, offset + DATA_BLOCK) === 0
  );
}

/** A write may be short, for example on a nearly full disk. */
async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const result = await file.write(bytes, written, bytes.length - written, position + written);
    written += result.bytesWritten;
  }
}
