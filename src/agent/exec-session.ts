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
  /** The guest's kernel killed it because memory ran out. */
  oom: boolean;
  timedOut: boolean;
}

export type OutputStream = 'stdout' | 'stderr';

/**
 * Takes a session's output as it comes. `chunk` stays valid; Call `consumed` once, when you are done with its
 * bytes: unconsumed chunks count against the session's `WINDOW` bytes.
 */
export type OutputHandler = (stream: OutputStream, chunk: Buffer, consumed: () => void) => void;

/** What a session needs of its connection. */
export interface SessionLink {
  /** The box's name. */
  box: string;
  send<N extends TableMessageName>(name: N, values: MessageValues<N>): void;
  sendStdin: SendStdin;
  /** The caller abandons the session. */
  leave(): void;
  /** The session's number is free again; frames for it are dropped. */
  release(): void;
}

export interface SessionOptions {
  /**
   * The command may have started before this client connected. Its start is not reported again, so any other
   * frame from it counts as the report.
   */
  joined?: boolean;
}

/** The box's own command, in its own PID namespace. */
const MAIN_PID = 1;

/** Bytes kept for unopened streams, together, when the command must not stall because of them. */
const UNOPENED_BYTES = LIMITS.WINDOW / 2;

/** Consumed bytes are reported in portions of this size: small output then costs no frames. */
const CREDIT_BYTES = LIMITS.WINDOW / 4;

/**
 * One command in the box, as the host sees it. Read its output, through the streams or `onOutput`: stdout and
 * stderr together may hold `WINDOW` unread bytes, then the command stalls (no other session does). A
 * destroyed stream counts as read. So does one that nobody opens, once the other is open or somebody waits
 * for the end: see `boundUnopened`.
 *
 * When the connection ends first, the streams end at that point and `exited` rejects, with `box-not-running`
 * if the box has ended and `vmm-failed` if its shim was lost.
 */
export class ExecSession {
  /** PID in the box. Rejects with `exec-not-found`, `exec-not-invocable` or `exec-failed`. */
  readonly started: Promise<{ pid: number }>;
  /** Resolves when the streams or the handler have received all output. */
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

  /** Number of frames received from the guest; while it grows, the guest makes progress. */
  get received(): number {
    return this.#received;
  }

  /** Bytes received on stderr. */
  get receivedOnStderr(): number {
    return this.#receivedOnStderr;
  }

  /** The next step is the guest's: all its output is consumed, and it has all the input it can take. */
  get awaitsGuest(): boolean {
    return this.#unconsumed === 0 && (!this.#usesStdin || this.#input.awaitsGuest);
  }

  /**
   * Somebody waits for the command: from now on, as after one of its streams is opened, a stream that nobody
   * opens does not stall it.
   */
  boundUnopened(): void {
    if (this.#boundsUnopened) return;
    // The caller may be about to open the other stream.
    setImmediate(() => {
      this.#boundsUnopened = true;
      this.#loseUnopened();
    });
  }

  /** Takes the output without streams. Call it before, and instead of, using `stdout` or `stderr`. */
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

  /** Abandons the command: the guest hangs up on its process group. Main only loses this client. */
  close(): void {
    if (this.#over) return;
    this.#link.leave();
    this.disconnect(new BoxliteError('cancelled', 'the exec session was closed'));
  }

  /** For the connection: output has arrived. @throws `protocol` when the guest exceeds its window */
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

  /** For the connection: a message of this session has arrived. Unknown ones are ignored. */
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

  /** For the connection: the box failed to get ready, so its command will never start. */
  failStart(reason: BoxliteError): void {
    if (!this.#hasStarted) this.disconnect(reason);
  }

  /** For the connection: no more frames come; whatever is still pending fails with `reason`. */
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

  /** Otherwise a reader of stdout could wait for ever because nobody reads stderr. */
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
