import type { Writable } from 'node:stream';
import { Deferred } from '../deferred.js';
import { BoxliteError } from '../errors.js';
import type { ByteStream } from './byte-stream.js';
import { decodeMessage, type MessageValues, type TableMessageName } from './codec.js';
import { ExecInput, type SendStdin } from './exec-input.js';
import { ExecOutput } from './exec-output.js';
import { execFailure, refusal } from './failure.js';
import { EXIT_FLAGS, LIMITS } from './protocol.js';

export interface ExecExit {
  /** 0 … 255; 128 + signal when the command was killed. */
  code: number;
  /** The signal that killed it, 0 when it exited. */
  signal: number;
  /** The guest's kernel killed it for want of memory. */
  oom: boolean;
  timedOut: boolean;
}

export type OutputStream = 'stdout' | 'stderr';

/**
 * Takes a session's output as it comes. `chunk` stays valid; `consumed` is to be called once, when
 * its bytes no longer count: until then the command may write `WINDOW` bytes in all.
 */
export type OutputHandler = (stream: OutputStream, chunk: Buffer, consumed: () => void) => void;

/** What a session needs of its connection. */
export interface SessionLink {
  /** The name of its box. */
  box: string;
  send<N extends TableMessageName>(name: N, values: MessageValues<N>): void;
  sendStdin: SendStdin;
  /** The caller gives the session up. */
  leave(): void;
  /** The session's number is free again; frames for it are dropped. */
  release(): void;
}

export interface SessionOptions {
  /**
   * The command may have started before this client came, and then never says so again: whatever
   * else comes from it tells as much.
   */
  joined?: boolean;
}

/** The box's own command, in its own PID namespace. */
const MAIN_PID = 1;

/** What is kept of streams that nobody has opened, together, when the command must not stall for it. */
const UNOPENED_BYTES = LIMITS.WINDOW / 2;

/** Consumed bytes are reported in portions of this size, so that small output costs no frames. */
const CREDIT_BYTES = LIMITS.WINDOW / 4;

/**
 * One command in the box, as the host sees it. Its output must be read, through the streams or
 * `onOutput`: stdout and stderr together may hold `WINDOW` unread bytes, then the command stalls
 * (no other session does). A stream that is destroyed counts as read; so does one that nobody opens,
 * once the other is or the end is waited for: `boundUnopened`.
 *
 * When the connection ends first, the streams end where they are and `exited` rejects, with
 * `box-not-running` if the box has ended and `vmm-failed` if its shim was lost.
 */
export class ExecSession {
  /** PID in the box. Rejects with `exec-not-found`, `exec-not-invocable` or `exec-failed`. */
  readonly started: Promise<{ pid: number }>;
  /** Resolves when all output has been handed to the streams or the handler. */
  readonly exited: Promise<ExecExit>;

  readonly #link: SessionLink;
  readonly #startResult = new Deferred<{ pid: number }>();
  readonly #exitResult = new Deferred<ExecExit>();
  readonly #input: ExecInput;
  readonly #output: Record<OutputStream, ExecOutput>;
  #handler: OutputHandler | undefined;
  #unconsumed = 0;
  #uncredited = 0;
  #over = false;
  #hasStarted = false;
  #boundsUnopened = false;
  #usesStdin = false;
  #received = 0;
  #receivedOnStderr = 0;
  readonly #joined: boolean;

  constructor(link: SessionLink, { joined = false }: SessionOptions = {}) {
    this.#link = link;
    this.#joined = joined;
    this.started = this.#startResult.promise;
    this.exited = this.#exitResult.promise;
    this.#input = new ExecInput(link.sendStdin);
    this.#output = {
      stdout: new ExecOutput(this.#consumed),
      stderr: new ExecOutput(this.#consumed),
    };
  }

  /** Ending it ends the command's stdin; it is destroyed, without an error, when the command ends. */
  get stdin(): Writable {
    this.#usesStdin = true;
    return this.#input.writable;
  }

  get stdout(): ByteStream {
    return this.#open('stdout');
  }

  get stderr(): ByteStream {
    return this.#open('stderr');
  }

  /** Frames that have come from the guest: as long as it grows, the guest goes on. */
  get received(): number {
    return this.#received;
  }

  /** Bytes of it. */
  get receivedOnStderr(): number {
    return this.#receivedOnStderr;
  }

  /** It is for the guest to say the next thing: all that has come is consumed, and it has all it can take. */
  get awaitsGuest(): boolean {
    return this.#unconsumed === 0 && (!this.#usesStdin || this.#input.awaitsGuest);
  }

  /**
   * The command is waited for: from now on, as from the moment on that one of its streams is opened,
   * a stream that nobody opens does not stall it.
   */
  boundUnopened(): void {
    if (this.#boundsUnopened) return;
    // The caller may be about to open the other stream.
    setImmediate(() => {
      this.#boundsUnopened = true;
      this.#loseUnopened();
    });
  }

  /** Takes the output without streams. To be used before `stdout` or `stderr` is, not besides. */
  onOutput(handler: OutputHandler): void {
    this.#handler = handler;
    for (const stream of ['stdout', 'stderr'] as const)
      for (const chunk of this.#output[stream].take()) this.#deliver(handler, stream, chunk);
  }

  resize(rows: number, cols: number): void {
    if (!this.#over) this.#link.send('resize', { rows, cols });
  }

  /** @param number Linux's signal number; it goes to the command's process only */
  signal(number: number): void {
    if (!this.#over) this.#link.send('signal', { signal: number });
  }

  /** Gives the command up: the guest hangs up on its process group. Main only loses this client. */
  close(): void {
    if (this.#over) return;
    this.#link.leave();
    this.disconnect(new BoxliteError('cancelled', 'the exec session was closed'));
  }

  /** For the connection: output has come. @throws `protocol` when the guest exceeds its window */
  receiveOutput(stream: OutputStream, chunk: Buffer): void {
    this.#join();
    this.#received++;
    if (stream === 'stderr') this.#receivedOnStderr += chunk.length;
    this.#unconsumed += chunk.length;
    if (this.#unconsumed > LIMITS.WINDOW)
      throw new BoxliteError(
        'protocol',
        `the guest sent more ${stream} than its window of ${LIMITS.WINDOW} bytes`,
      );
    if (this.#handler === undefined) {
      this.#output[stream].add(chunk);
      this.#loseUnopened();
    } else if (chunk.length > 0) this.#deliver(this.#handler, stream, chunk);
  }

  /** For the connection: one of the session's messages has come; others are none of ours. */
  receive(name: TableMessageName, payload: Buffer): void {
    this.#received++;
    switch (name) {
      case 'started':
        this.setStarted(decodeMessage(name, payload).pid);
        break;
      case 'credit':
        this.#input.credit(decodeMessage(name, payload).bytes);
        break;
      case 'exited':
        this.#exit(decodeMessage(name, payload));
        break;
      case 'failed':
        this.disconnect(execFailure(decodeMessage(name, payload), this.#link.box));
        break;
      case 'refused':
        this.disconnect(refusal(decodeMessage(name, payload), this.#link.box));
        break;
    }
  }

  /** For the connection: the command runs. */
  setStarted(pid: number = MAIN_PID): void {
    this.#hasStarted = true;
    this.#startResult.resolve({ pid });
  }

  /** For the connection: the box could not be made ready, so its command will never start. */
  failStart(reason: BoxliteError): void {
    if (!this.#hasStarted) this.disconnect(reason);
  }

  /** For the connection: nothing more can come; whatever is waited for fails with `reason`. */
  disconnect(reason: BoxliteError): void {
    if (this.#over) return;
    this.#end();
    this.#startResult.reject(reason);
    this.#exitResult.reject(reason);
  }

  #open(stream: OutputStream): ByteStream {
    const { readable } = this.#output[stream];
    this.boundUnopened();
    return readable;
  }

  /** Rather than that a reader of stdout waits for ever, because nobody reads stderr. */
  #loseUnopened(): void {
    if (!this.#boundsUnopened || this.#handler !== undefined) return;
    const { stdout, stderr } = this.#output;
    if (stdout.unopenedBytes + stderr.unopenedBytes <= UNOPENED_BYTES) return;
    for (const [name, output] of Object.entries(this.#output))
      if (output.unopenedBytes > 0)
        output.lose(
          new BoxliteError(
            'invalid-argument',
            `${name} was not read, and more of it than ${UNOPENED_BYTES} bytes was thrown away`,
            { hint: `read ${name} while the command runs` },
          ),
        );
  }

  #join(): void {
    if (this.#joined && !this.#hasStarted) this.setStarted();
  }

  #exit({ code, signal, flags }: { code: number; signal: number; flags: number }): void {
    this.#join();
    if (!this.#hasStarted || code > 255 || signal > 64)
      throw new BoxliteError(
        'protocol',
        `the guest reports an impossible exit (code ${code}, signal ${signal})`,
      );
    this.#end();
    this.#exitResult.resolve({
      code,
      signal,
      oom: (flags & EXIT_FLAGS.OOM) !== 0,
      timedOut: (flags & EXIT_FLAGS.TIMED_OUT) !== 0,
    });
  }

  #end(): void {
    this.#over = true;
    this.#link.release();
    this.#input.close();
    this.#output.stdout.end();
    this.#output.stderr.end();
  }

  #deliver(handler: OutputHandler, stream: OutputStream, chunk: Buffer): void {
    let counted = false;
    handler(stream, chunk, () => {
      if (counted) return;
      counted = true;
      this.#consumed(chunk.length);
    });
  }

  readonly #consumed = (bytes: number): void => {
    this.#unconsumed -= bytes;
    this.#uncredited += bytes;
    if (this.#uncredited < CREDIT_BYTES || this.#over) return;
    this.#link.send('credit', { bytes: this.#uncredited });
    this.#uncredited = 0;
  };
}
