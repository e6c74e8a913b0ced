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
  /** Linux's number of the signal that ended it; undefined when it exited. */
  signal: number | undefined;
  /** The guest ran out of memory and killed it. */
  oomKilled: boolean;
  /** `BoxCommand.timeout` ended it, whatever code it ended with then. */
  timedOut: boolean;
  /** Exit code 0, and not because time was up. */
  success(): boolean;
}

/** What else the end of a command brings, before `wait` tells of it. */
export interface ExecutionEnd {
  onExit?: (exit: ExecExit) => Promise<void>;
  /** What to throw instead when the connection was lost before the end was told. */
  onLost?: (error: unknown) => Promise<unknown>;
  /** Called with each signal before it is sent. */
  onSignal?: (signal: number) => void;
  detach: () => void;
}

/**
 * A command that runs in a box.
 *
 * Its output is to be read: 256 KiB may wait, then the command stalls, and only this one. A stream that
 * nobody opens does not stall it once the other is open, or `wait` was called: 128 KiB are kept for
 * whoever opens it later, then all of it is thrown away, and reading it fails with `invalid-argument`.
 *
 * When the connection is lost before the end, streams end where they are and `wait` rejects:
 * `box-not-running` if the box has ended, `vmm-failed` if its supervisor or VM was lost, `cancelled`
 * after `detach`.
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
    this.#result.catch(() => undefined); // told by wait()
  }

  /**
   * Bytes for the command; `end()` is its end of file. Closed without an error when the command ends,
   * and when it was started without stdin.
   */
  get stdin(): Writable {
    return this.#session.stdin;
  }

  /** Bytes, as the command wrote them; of a terminal, stderr too. `lines()` reads it as text. */
  get stdout(): ByteStream {
    return this.#session.stdout;
  }

  /** The same of what it wrote to stderr; empty when it has a terminal. */
  get stderr(): ByteStream {
    return this.#session.stderr;
  }

  /**
   * Takes output without streams, as it comes; to be used before `stdout` or `stderr` is, not besides.
   * The handler calls `consumed` once it is done with a chunk: until then the command may write 256 KiB.
   */
  onOutput(handler: OutputHandler): void {
    this.#session.onOutput(handler);
  }

  /** Resolves when the command has ended and all its output has been handed over; any number may wait. */
  wait(): Promise<ExecResult> {
    this.#session.boundUnopened();
    return this.#result;
  }

  /**
   * Signals the command's process, and no other; one that has ended is left alone.
   * @param signal `SIGTERM`, `TERM` or 15
   * @throws invalid-argument
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

  /** Sets the size of the command's terminal; without one it does nothing. */
  resizeTty({ rows, cols }: TerminalSize): void {
    this.#session.resize(rows, cols);
  }

  /** Leaves: a box's own command goes on, any other is hung up (HUP, KILL 2 s later). */
  detach(): void {
    this.#end.detach();
  }

  /** `detach`, unless the command has ended. */
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
