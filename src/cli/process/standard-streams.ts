import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { OutputStream } from './context.js';

/**
 * This process' stdout and stderr, created on demand: Node takes longer to create its streams than `ps` takes
 * for all its other work.
 */
export class StandardStreams {
  #opened: Partial<Record<StreamName, Output>> = {};
  #stdout: OutputStream | undefined;
  readonly #onError: StreamErrorHandler;

  /** @param onError receives the errors of both streams, including `EPIPE` when the reader has gone */
  constructor(onError: StreamErrorHandler) {
    this.#onError = onError;
  }

  get stdout(): OutputStream {
    const open = (): Output => this.#open('stdout');
    return (this.#stdout ??= writesAtOnce(1) ? firstWriteAtOnce(1, open) : open());
  }

  get stderr(): Output {
    return this.#open('stderr');
  }

  /**
   * Waits for data on its way into a pipe, which `process.exit` would drop, and until the error of a failed
   * write has been reported.
   */
  async flush(): Promise<void> {
    await Promise.all(Object.values(this.#opened).map(flush));
  }

  #open(name: StreamName): Output {
    const before = this.#opened[name];
    if (before !== undefined) return before;
    const fd = name === 'stdout' ? 1 : 2;
    const stream = process[name];
    if (isFile(fd)) writeAll(stream, fd);
    forgetNoSize(stream);
    stream.on('error', (error: NodeJS.ErrnoException) => this.#onError(name, stream, error));
    this.#opened[name] = stream;
    return stream;
  }
}

type StreamName = 'stdout' | 'stderr';
type Output = OutputStream & Writable;

export type StreamErrorHandler = (
  name: StreamName,
  stream: Writable,
  error: NodeJS.ErrnoException,
) => void;

/** A terminal without a set size, as under `script` or `docker exec -t`, reports 0 × 0: unknown. */
function forgetNoSize(stream: { columns?: number; rows?: number }): void {
  if (stream.columns === 0) delete stream.columns;
  if (stream.rows === 0) delete stream.rows;
}

async function flush(stream: Writable): Promise<void> {
  if (stream.writableLength > 0)
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  if (stream.errored !== null) await new Promise((resolve) => setImmediate(resolve));
}

/** The major number of /dev/null, /dev/full and similar devices (the kernel's devices.txt). */
const MEMORY_DEVICES = 1;

/** A file, or one of the memory devices. */
function isFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || (stat.isCharacterDevice() && stat.rdev >> 8 === MEMORY_DEVICES);
  } catch {
    return false;
  }
}

/** Node reports success when a file system becomes full after taking the first part of a write. */
function writeAll(stream: Writable, fd: number): void {
  stream._write = (chunk: Buffer, _encoding, done) => {
    try {
      for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

/** The number of /dev/null: major 1, minor 3 (the kernel's devices.txt). */
const NULL_DEVICE = 0x0103;

/**
 * Whether it is a pipe, a socket (which Node and others give their children instead of a pipe), a file or
 * /dev/null; any other type needs Node's stream.
 */
function writesAtOnce(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    const isNull = stat.isCharacterDevice() && stat.rdev === NULL_DEVICE;
    return stat.isFIFO() || stat.isSocket() || stat.isFile() || isNull;
  } catch {
    return false;
  }
}

/** The capacity of an empty pipe or socket. */
const PIPE_BYTES = 64 * 1024;

/**
 * Writes one short text to a pipe, a socket or a file without opening Node's stream; anything else opens it.
 * Only the first text is written this way: with a slow reader, a command that writes continuously would block
 * and miss its signals.
 */
function firstWriteAtOnce(fd: number, open: () => Output): OutputStream {
  let stream: Output | undefined;
  let written = false;
  const opened = (): Output => (stream ??= open());
  const write = (...args: Parameters<NodeJS.WriteStream['write']>): boolean => {
    const [text] = args;
    const content = typeof text === 'string' && args.length === 1 ? Buffer.from(text) : undefined;
    if (content === undefined || content.length > PIPE_BYTES || written || stream !== undefined)
      return (opened() as NodeJS.WriteStream).write(...args);
    written = true;
    const done = tryWrite(fd, content);
    // The stream waits for the reader, or meets the same error and reports it as usual.
    return done === content.length || opened().write(content.subarray(done));
  };
  return new Proxy(Object.create(null) as Output, {
    get(_, key) {
      if (key === 'write') return write;
      if (stream === undefined && (key === 'isTTY' || key === 'columns')) return undefined;
      const value: unknown = Reflect.get(opened(), key);
      return typeof value === 'function' ? (value.bind(stream) as unknown) : value;
    },
    set: (_, key, value) => Reflect.set(opened(), key, value),
    has: (_, key) => Reflect.has(opened(), key),
  });
}

/** @returns the number of bytes written */
function tryWrite(fd: number, content: Buffer): number {
  try {
    return writeSync(fd, content);
  } catch {
    return 0;
  }
}
