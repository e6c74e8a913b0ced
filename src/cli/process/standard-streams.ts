import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { OutputStream } from './context.js';

/**
 * This process' stdout and stderr, made when they are needed: Node takes longer to make its streams than
 * `ps` takes for all the rest of its work.
 */
export class StandardStreams {
  #opened: Partial<Record<StreamName, Output>> = {};
  #stdout: OutputStream | undefined;
  readonly #onError: StreamErrorHandler;

  /** @param onError receives the errors of both, `EPIPE` when nobody reads any more among them */
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
   * Waits for what is on its way into a pipe, which `process.exit` would drop, and until the error of a write
   * that has failed is reported.
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

/** A terminal whose size nobody has set, as of `script` or `docker exec -t`, says 0 × 0: that is no size at all. */
function forgetNoSize(stream: { columns?: number; rows?: number }): void {
  if (stream.columns === 0) delete stream.columns;
  if (stream.rows === 0) delete stream.rows;
}

async function flush(stream: Writable): Promise<void> {
  if (stream.writableLength > 0)
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  if (stream.errored !== null) await new Promise((resolve) => setImmediate(resolve));
}

/** Of /dev/null, /dev/full and their like (the kernel's devices.txt). */
const MEMORY_DEVICES = 1;

/** A file, or a device that is none of a terminal's. */
function isFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || (stat.isCharacterDevice() && stat.rdev >> 8 === MEMORY_DEVICES);
  } catch {
    return false;
  }
}

/** Node takes it for success when a file system that becomes full has taken the first part of a write. */
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

/** Of /dev/null: major 1, minor 3 (the kernel's devices.txt). */
const NULL_DEVICE = 0x0103;

/**
 * A pipe, a socket (which Node and others give their children for a pipe), a file or /dev/null; for all
 * else Node's stream knows more than we do.
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

/** What an empty pipe takes, and an empty socket too. */
const PIPE_BYTES = 64 * 1024;

/**
 * The stream of a pipe, a socket or a file, opened by anything but one short text, which is written without
 * it. Only one, since a reader who is behind must not keep a command that writes on and on from its signals.
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
    // The stream waits for a reader, or meets the same error and reports it as always.
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

/** @returns how many bytes were taken */
function tryWrite(fd: number, content: Buffer): number {
  try {
    return writeSync(fd, content);
  } catch {
    return 0;
  }
}
