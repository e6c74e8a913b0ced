import type { Writable } from 'node:stream';
import type { ByteStream } from '../../agent/byte-stream.js';
import type { ExecExit, ExecSession, OutputHandler } from '../../agent/exec-session.js';
import { signalNumber } from '../../host/signals.js';
import type { TerminalSize } from '../spec/options.js';

export type { ByteStream } from '../../agent/byte-stream.js';
export type { OutputHandler, OutputStream } from '../../agent/exec-session.js';
export type { LineOptions } from '../../agent/lines.js';
export { BoxCommand, type Duration } from '../spec/box-command.js';

/** How a command ended. */
export interface ExecResult {
  /** 0 … 255; 128 + signal when the command was killed. */
  exitCode: number;
  /** Linux's number of the signal that killed it; undefined when it exited. */
  signal: number | undefined;
  /** The guest ran out of memory and killed it. */
  oomKilled: boolean;
  /** `BoxCommand.timeout` ended it, whatever its exit code. */
  timedOut: boolean;
  /** True for exit code 0, unless it timed out. */
  success(): boolean;
}

/** What else happens at a command's end, before `wait` resolves. */
export interface ExecutionEnd {
  onExit?: (exit: ExecExit) => Promise<void>;
  /** Returns the error to throw instead when the connection was lost before the end was reported. */
  onLost?: (error: unknown) => Promise<unknown>;
  /** Called with each signal before it is sent. */
  onSignal?: (signal: number) => void;
  detach: () => void;
}

/**
 * A command that runs in a box.
 *
 * Read its output: 256 KiB may wait, then this command stalls (no other does). A stream that nobody opens
 * does not stall it once the other is open or `wait` was called: up to 128 KiB are kept for a later reader.
 * Beyond that, all of it is discarded, and reading the stream fails with `invalid-argument`.
 *
 * When the connection is lost before the end, the streams end at that point and `wait` rejects:
 * `box-not-running` if the box has ended, `vmm-failed` if its supervisor or VM was lost, `cancelled` after
 * `detach`.
 */
export class Execution implements AsyncDisposable {
  readonly #session: ExecSession;
  readonly #end: ExecutionEnd;
  readonly #result: Promise<ExecResult>;

  /** @internal */
  constructor(session: ExecSession, end: ExecutionEnd) {
    this.#session = session;
    this.#end = end;
    this.#result = this.#finish();
    this.#result.catch(() => undefined); // wait() reports it
  }

  /**
   * Bytes for the command; `end()` sends the end of file. It is closed without an error when the command
   * ends, and from the start if the command has no stdin.
   */
  get stdin(): Writable {
    return this.#session.stdin;
  }

  /** The bytes that the command wrote; with a terminal, stderr as well. `lines()` reads them as text. */
  get stdout(): ByteStream {
    return this.#session.stdout;
  }

  /** The bytes that the command wrote to stderr; empty with a terminal. */
  get stderr(): ByteStream {
    return this.#session.stderr;
  }

  /**
   * Receives output without streams, as it comes. Call it before, and instead of, using `stdout` or `stderr`.
   * The handler calls `consumed` once when it is done with a chunk; at most 256 KiB may be unconsumed.
   */
  onOutput(handler: OutputHandler): void {
    this.#session.onOutput(handler);
  }

  /**
   * Resolves when the command has ended and all its output has been delivered. It may be called any number of
   * times.
   * @throws box-not-running, vmm-failed, cancelled; see above
   */
  wait(): Promise<ExecResult> {
    this.#session.boundUnopened();
    return this.#result;
  }

  /**
   * Signals only the command's own process; does nothing if it has ended.
   * @param signal `SIGTERM`, `TERM` or 15
   * @throws invalid-argument for an unknown signal
   */
  signal(signal: string | number): void {
    const number = signalNumber(signal);
    this.#end.onSignal?.(number);
    this.#session.signal(number);
  }

  /** `signal('KILL')`. */
  kill(): void {
    this.signal('KILL');
  }

  /** Sets the size of the command's terminal; does nothing without a terminal. */
  resizeTty({ rows, cols }: TerminalSize): void {
    this.#session.resize(rows, cols);
  }

  /** Disconnects: a box's own command goes on, any other is hung up (HUP, KILL 2 s later). */
  detach(): void {
    this.#end.detach();
  }

  /** Calls `detach`, unless the command has ended. */
  [Symbol.asyncDispose](): Promise<void> {
    this.detach();
    return Promise.resolve();
  }

  async #finish(): Promise<ExecResult> {
    const exit = await this.#session.exited.catch(async (error: unknown) => {
      throw (await this.#end.onLost?.(error)) ?? error;
    });
    await this.#end.onExit?.(exit);
    const { code, signal, oom, timedOut } = exit;
    return {
      exitCode: code,
      signal: signal === 0 ? undefined : signal,
      oomKilled: oom,
      timedOut,
      success: () => code === 0 && !timedOut,
    };
  }
}
