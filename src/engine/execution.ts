import type { Readable, Writable } from 'node:stream';
import type { ExecExit, ExecSession, OutputHandler } from '../agent/exec-session.js';
import type { TerminalSize } from './options.js';
import { signalNumber } from './signals.js';

/** A command for `LiteBox.exec`, built step by step: `new BoxCommand('ls').arg('-l').user('nobody')`. */
export class BoxCommand {
  readonly argv: string[];
  readonly variables: string[] = [];
  timeoutMs = 0;
  directory: string | undefined;
  runAs: string | undefined;
  terminal: TerminalSize | undefined;
  stdinOpen = true;

  /** @param program a path, or a name looked up in the box's PATH */
  constructor(program: string) {
    this.argv = [program];
  }

  arg(argument: string): this {
    this.argv.push(argument);
    return this;
  }

  args(list: Iterable<string>): this {
    this.argv.push(...list);
    return this;
  }

  env(name: string, value: string): this {
    this.variables.push(`${name}=${value}`);
    return this;
  }

  /** After so many milliseconds the command's process group gets TERM, and KILL 2 s later. */
  timeout(ms: number): this {
    this.timeoutMs = ms;
    return this;
  }

  workingDir(path: string): this {
    this.directory = path;
    return this;
  }

  /** NAME|UID[:GROUP|GID], resolved inside the image. */
  user(user: string): this {
    this.runAs = user;
    return this;
  }

  /** Gives the command a terminal; its stderr is then part of its stdout. */
  tty(size: TerminalSize = { rows: 24, cols: 80 }): this {
    this.terminal = size;
    return this;
  }

  /** Without stdin the command reads /dev/null. */
  stdin(open: boolean): this {
    this.stdinOpen = open;
    return this;
  }
}

export interface ExecResult {
  /** 0 … 255; 128 + signal when the command was killed. */
  exitCode: number;
  /** The signal that ended it. */
  signal: number | undefined;
  /** The guest ran out of memory and killed it. */
  oomKilled: boolean;
  /** `BoxCommand.timeout` ended it. */
  timedOut: boolean;
  success(): boolean;
}

/** What else the end of a command brings, before `wait` tells of it. */
export interface ExecutionEnd {
  onExit?: (exit: ExecExit) => Promise<void>;
  detach: () => void;
}

/**
 * A command that runs in a box. Output must be read (or `onOutput` used): what is not read stalls
 * this command, and only this one.
 */
export class Execution {
  readonly #session: ExecSession;
  readonly #end: ExecutionEnd;
  readonly #result: Promise<ExecResult>;

  constructor(session: ExecSession, end: ExecutionEnd) {
    this.#session = session;
    this.#end = end;
    this.#result = this.#finish();
    this.#result.catch(() => undefined); // told by wait()
  }

  get stdin(): Writable {
    return this.#session.stdin;
  }

  /** Bytes, as the command wrote them. */
  get stdout(): Readable {
    return this.#session.stdout;
  }

  get stderr(): Readable {
    return this.#session.stderr;
  }

  /** Takes output without streams; see `ExecSession.onOutput`. */
  onOutput(handler: OutputHandler): void {
    this.#session.onOutput(handler);
  }

  /** Resolves when the command has ended and all its output has been handed over. */
  wait(): Promise<ExecResult> {
    return this.#result;
  }

  signal(signal: string | number): void {
    this.#session.signal(signalNumber(signal));
  }

  kill(): void {
    this.#session.signal(signalNumber('KILL'));
  }

  resizeTty({ rows, cols }: TerminalSize): void {
    this.#session.resize(rows, cols);
  }

  /** Leaves: a box's own command goes on, any other is hung up. */
  detach(): void {
    this.#end.detach();
  }

  async #finish(): Promise<ExecResult> {
    const exit = await this.#session.exited;
    await this.#end.onExit?.(exit);
    const { code, signal, oom, timedOut } = exit;
    return {
      exitCode: code,
      signal: signal === 0 ? undefined : signal,
      oomKilled: oom,
      timedOut,
      success: () => code === 0,
    };
  }
}
