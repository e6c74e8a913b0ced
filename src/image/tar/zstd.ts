import { ZSTDDecoder } from 'zstddec/stream';
import { BoxliteError } from '../../errors.js';
import { layerStreamInvalid } from './layer-error.js';

/** The most that libzstd recommends: a piece of input is at least one whole block. */
const INPUT_BYTES = 128 * 1024;
const OUTPUT_BYTES = 256 * 1024;
/** `ZSTD_inBuffer` and `ZSTD_outBuffer` in sequence: pointer, size and position, 32 bits each. */
const BUFFERS_BYTES = 24;

/**
 * The longest window libzstd accepts by default (`ZSTD_WINDOWLOG_LIMIT_DEFAULT`): what `zstd -d`
 * accepts, and what every level produces short of `--ultra --long=28`. It bounds a stream's memory.
 */
const MAX_WINDOW_MIB = 128;

/** From zstd_errors.h, which keeps these numbers stable. */
const ERRORS: Readonly<Record<number, string>> = {
  10: 'something that is no zstd frame stands in it',
  20: 'its data is corrupt',
  22: 'a checksum is wrong',
  30: 'a dictionary is corrupt',
};
const WINDOW_TOO_LARGE = 16;
const DICTIONARY_WRONG = 32;
const OUT_OF_MEMORY = 64;
const MAX_ERROR = 120;

/** The libzstd functions that the package's module exports. Pointers are offsets in its memory. */
interface Libzstd {
  memory: { buffer: ArrayBuffer };
  malloc(bytes: number): number;
  free(pointer: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

/**
 * The content of consecutive zstd frames (RFC 8878); skips skippable ones and verifies checksums.
 * An error of the source passes through unchanged.
 *
 * We don't use Node's own zstd (22.15 and newer): it ends without an error after the first frame
 * and in the middle of one, and layers of many frames are common (zstd:chunked has one per file).
 * @throws BoxliteError 'layer-invalid' for a damaged or truncated stream, 'unsupported' for a
 * window over 128 MiB or a dictionary
 */
export async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const stream = new ZstdStream(await (libzstd ??= loadLibzstd()));
  try {
    for await (const chunk of source)
      for (let at = 0; at < chunk.length; at += INPUT_BYTES)
        yield* stream.push(chunk.subarray(at, at + INPUT_BYTES));
    if (!stream.between) throw layerStreamInvalid('zstd', 'it ends in the middle of a frame');
  } finally {
    stream.free();
  }
}

/** One per process: the package hands out its module only once. */
let libzstd: Promise<Libzstd> | undefined;

/**
 * The package's own streaming function neither checks libzstd's errors nor waits for more input, so
 * we use only its compiled library.
 */
async function loadLibzstd(): Promise<Libzstd> {
  let exports: unknown;
  class Module extends ZSTDDecoder {
    override _init(result: Parameters<ZSTDDecoder['_init']>[0]): void {
      super._init(result);
      exports = (result as { instance: { exports: unknown } }).instance.exports;
    }
  }
  await new Module().init();
  return exports as Libzstd;
}

class ZstdStream {
  /** Whether everything pushed so far forms whole frames. */
  between = true;
  readonly #context: number;
  readonly #input: number;
  readonly #output: number;
  readonly #buffers: number;

  constructor(private readonly lib: Libzstd) {
    this.#context = lib.ZSTD_createDCtx();
    this.#input = lib.malloc(INPUT_BYTES);
    this.#output = lib.malloc(OUTPUT_BYTES);
    this.#buffers = lib.malloc(BUFFERS_BYTES);
    if ([this.#context, this.#input, this.#output, this.#buffers].includes(0))
      throw zstdError(OUT_OF_MEMORY);
  }

  /** @param bytes at most INPUT_BYTES */
  *push(bytes: Uint8Array): Generator<Buffer> {
    const { lib } = this;
    new Uint8Array(lib.memory.buffer).set(bytes, this.#input);
    this.#setBuffer(0, this.#input, bytes.length);
    let produced = 0;
    // A full output buffer may mean that the same input yields more.
    while (this.#position(0) < bytes.length || produced === OUTPUT_BYTES) {
      this.#setBuffer(12, this.#output, OUTPUT_BYTES);
      const before = this.#position(0);
      // Not 0 in the middle of a frame; an error is a small negated number.
      const left = lib.ZSTD_decompressStream(this.#context, this.#buffers + 12, this.#buffers);
      if (left < 0 && left >= -MAX_ERROR) throw zstdError(-left);
      produced = this.#position(12);
      // After a frame that just filled the buffer, a call has nothing to do and its result means
      // nothing.
      const worked = produced > 0 || this.#position(0) > before;
      if (worked || left === 0) this.between = left === 0;
      if (produced > 0)
        yield Buffer.from(lib.memory.buffer.slice(this.#output, this.#output + produced));
    }
  }

  free(): void {
    this.lib.ZSTD_freeDCtx(this.#context);
    for (const pointer of [this.#input, this.#output, this.#buffers]) this.lib.free(pointer);
  }

  #setBuffer(offset: number, pointer: number, size: number): void {
    const view = this.#view();
    view.setUint32(offset, pointer, true);
    view.setUint32(offset + 4, size, true);
    view.setUint32(offset + 8, 0, true);
  }

  #position(offset: number): number {
    return this.#view().getUint32(offset + 8, true);
  }

  /** Rebuilt each time: when the library's memory grows, views of it become invalid. */
  #view(): DataView {
    return new DataView(this.lib.memory.buffer, this.#buffers, BUFFERS_BYTES);
  }
}

function zstdError(code: number): BoxliteError {
  if (code === WINDOW_TOO_LARGE)
    return new BoxliteError(
      'unsupported',
      `the layer is a zstd stream with a window over ${MAX_WINDOW_MIB} MiB`,
      { hint: 'compress the layer with at most: zstd --ultra --long=27' },
    );
  if (code === DICTIONARY_WRONG)
    return new BoxliteError('unsupported', 'the layer is a zstd stream that needs a dictionary');
  if (code === OUT_OF_MEMORY)
    return new BoxliteError('unsupported', 'there is no memory for the window of a zstd stream');
  return layerStreamInvalid('zstd', ERRORS[code] ?? `libzstd gives error ${code}`);
}
