import type { Socket } from 'node:net';
import { basename } from 'node:path';
import { Deferred } from '../deferred.js';
import { BoxliteError } from '../errors.js';
import { BOX_FILES } from '../host/home.js';
import type { ConnectOptions, ExecOptions, MainOptions } from './client-options.js';
import { decodeMessage, type Message, type MessageValues, type TableMessageName } from './codec.js';
import { connectSocket } from './connect.js';
import { ExecSession, type SessionLink, type SessionOptions } from './exec-session.js';
import { bootFailure, connectionLost, refusal } from './failure.js';
import { type Greeting, isSameShim, readWelcome, type ShimPhase } from './greeting.js';
import {
  FRAME_FLAGS,
  GENERATION,
  NO_ON_EXIT,
  SESSIONS,
  SHIM_PHASES,
  STATS_FLAGS,
} from './protocol.js';
import type { AnswerName, NetAddressValues, NetAnswer, NetChange, Stats } from './requests.js';
import { Requests } from './requests.js';
import { ShimConnection } from './shim-connection.js';
import { type BootstrappedTimes, StartAnswers } from './start-answers.js';

export type BootstrapValues = Omit<MessageValues<'bootstrap'>, 'generation'>;
export type PrepareValues = Omit<MessageValues<'prepare'>, 'generation'>;
export type ExecValues = MessageValues<'exec'>;
export type HealthcheckValues = MessageValues<'healthcheck'>;

const WELCOME_TIMEOUT_MS = 10_000;

/** A connection to one box's shim, and through it to the agent in the box. */
export class ShimClient implements AsyncDisposable {
  /** Resolves when the box or the connection has ended; never rejects. */
  readonly closed: Promise<void>;

  readonly #connection: ShimConnection;
  /** The box's name in messages. */
  readonly #name: string;
  readonly #sessions = new Map<number, ExecSession>();
  readonly #requests: Requests;
  readonly #start: StartAnswers;
  readonly #welcome = new Deferred<boolean>();
  readonly #closed = new Deferred<undefined>();
  #phaseChange: Deferred<undefined> | undefined;
  #greeting: Greeting | undefined;
  #nextSession: number = SESSIONS.FIRST_EXEC;
  /** The shim has said that the box has ended. */
  #gone = false;
  #leaving = false;
  #ownsExit = false;
  /** Why no more frames come. */
  #ended: BoxliteError | undefined;

  /**
   * @param boxDirectory the box's directory, which holds the shim's socket
   * @returns null when no shim listens: the box does not run
   * @throws `protocol` for another generation, `timeout` for a silent shim, `permission`
   */
  static async connect(
    boxDirectory: string,
    { timeoutMs = WELCOME_TIMEOUT_MS, name }: ConnectOptions = {},
  ): Promise<ShimClient | null> {
    const socket = await connectSocket(boxDirectory, BOX_FILES.shimSocket);
    if (socket === null) return null;
    const client = new ShimClient(socket, name ?? basename(boxDirectory));
    return (await client.#greeted(timeoutMs)) ? client : null;
  }

  private constructor(socket: Socket, name: string) {
    this.#name = name;
    this.#requests = new Requests(name);
    this.#start = new StartAnswers(name);
    this.closed = this.#closed.promise;
    this.#connection = new ShimConnection(socket, {
      onOutput: (session, stream, chunk) => {
        this.#sessions.get(session)?.receiveOutput(stream, chunk);
      },
      onMessage: (session, message, payload) => this.#receive(session, message, payload),
      onClose: (error) => this.#close(error),
    });
  }

  /** The shim's last reported phase. */
  get phase(): ShimPhase {
    return this.#hello().phase;
  }

  get shimPid(): number {
    return this.#hello().shimPid;
  }

  get vmmPid(): number {
    return this.#hello().vmmPid;
  }

  /** The box's id, as the shim knows it. */
  get box(): string {
    return this.#hello().box;
  }

  /** Resolves when the agent has reported that it waits for bootstrap, possibly before this call. */
  waitReady(): Promise<{ uptimeNs: bigint }> {
    return this.#start.ready;
  }

  /**
   * Makes a machine do what is the same for every new box of an image, before it becomes a template. Rejects
   * with `boot-failed` and the stage that failed.
   */
  prepare(values: PrepareValues): Promise<void> {
    this.#send('prepare', { ...values, generation: GENERATION });
    return this.#start.prepared;
  }

  /** Turns the VM into this box, once. Rejects with `boot-failed` and the stage that failed. */
  bootstrap(values: BootstrapValues): Promise<BootstrappedTimes> {
    this.#send('bootstrap', { ...values, generation: GENERATION });
    return this.#start.bootstrapped;
  }

  /** Makes the agent check the box's health while main runs. Call it once, between `bootstrap` and `main`. */
  healthcheck(values: HealthcheckValues): void {
    this.#send('healthcheck', values);
  }

  /** What the box uses of its machine; with `processes`, what each of its processes uses, too. */
  stats({ processes = false }: { processes?: boolean } = {}): Promise<Stats> {
    return this.#request('statsRequest', { flags: processes ? STATS_FLAGS.PROCESSES : 0 }, 'stats');
  }

  /** Gives the running box's interface an address, or takes it. Rejects with `exec-failed`. */
  async changeAddress(values: NetAddressValues): Promise<void> {
    await this.#request('netAddress', values, 'netAddressed');
  }

  /** Changes the running box's network. Rejects with `exec-failed` if the shim refuses. */
  changeNetwork<N extends NetChange>(change: N, values: MessageValues<N>): Promise<NetAnswer> {
    return this.#request(change, values, 'netDone');
  }

  /** Starts a command beside main. The session's promises report failures. */
  exec(values: ExecValues, { detached = false }: ExecOptions = {}): ExecSession {
    const number = this.#nextSession++;
    const session = this.#open(number, {
      leave: () => this.#connection.send('hangup', number, {}),
      sendStdin: (piece, eof, done) => this.#connection.sendStdin(number, piece, eof, done),
    });
    const flags = detached ? FRAME_FLAGS.DETACHED : 0;
    if (this.#ended === undefined) this.#connection.send('exec', number, values, flags);
    return session;
  }

  /**
   * Starts the box's own command (with `values`), or only attaches to it (without). Closing the session
   * closes this client; the command goes on.
   */
  main(values?: ExecValues, { attach = true }: MainOptions = {}): ExecSession {
    const open = this.#sessions.get(SESSIONS.MAIN);
    if (open !== undefined && values === undefined) return open;
    const joined = values === undefined;
    const attached = attach || joined;
    const session = this.#open(
      SESSIONS.MAIN,
      {
        leave: () => this.close(),
        sendStdin: (piece, eof, done) => {
          // The shim takes main's stdin only from attached clients.
          if (attached) this.#connection.sendStdin(SESSIONS.MAIN, piece, eof, done);
          else done?.();
        },
      },
      { joined },
    );
    if (this.#ended !== undefined) return session;
    this.#connection.batch(() => {
      // Attach first: the output of an instant command would be lost otherwise.
      if (attached) this.#connection.send('attach', SESSIONS.MAIN, {});
      if (values !== undefined) this.#connection.send('exec', SESSIONS.MAIN, values);
    });
    if (joined && this.phase !== SHIM_PHASES.STARTING) session.setStarted();
    return session;
  }

  /**
   * This client records the box's end: the shim waits for `exitHandled`, and runs `on_exit` only if the
   * client leaves without sending it. Until then the connection outlives `closed`.
   */
  ownExit(): void {
    this.#ownsExit = true;
    this.#send('ownExit', {});
  }

  exitHandled(): void {
    this.#ownsExit = false;
    this.#connection.send('exitHandled', SESSIONS.CONTROL, {});
    if (this.#gone) this.#connection.close();
  }

  killVmm(): void {
    this.#send('killVmm', {});
  }

  /** Stops the VM's processors. Resolves when they have stopped; rejects with `box-not-running`. */
  pause(): Promise<void> {
    return this.#changePhase('pause');
  }

  /** Resumes a paused VM. Resolves when it runs; rejects with `box-not-running`. */
  resume(): Promise<void> {
    return this.#changePhase('resume');
  }

  /** Milliseconds between the box's end and `on_exit`; undefined: the shim does not run it. */
  setExitDelay(ms: number | undefined): void {
    this.#send('exitDelay', { delayMs: ms ?? NO_ON_EXIT });
  }

  /** Ends everything in the box, writes back and powers off; `closed` resolves when that is done. */
  shutdown(): void {
    this.#send('shutdown', {});
  }

  /** Disconnects. What was sent still arrives; this client's exec sessions end, main goes on. */
  close(): void {
    this.#leaving = true;
    this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  async #greeted(timeoutMs: number): Promise<boolean> {
    const timer = setTimeout(() => {
      const text = `the shim of box ${this.#name} took the connection and said nothing for ${timeoutMs} ms`;
      this.#connection.fail(new BoxliteError('timeout', text));
    }, timeoutMs);
    try {
      return await this.#welcome.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #hello(): Greeting {
    // `connect` returns a client only after its greeting.
    if (this.#greeting === undefined) throw new Error('the shim has not been heard yet');
    return this.#greeting;
  }

  #send<N extends TableMessageName>(name: N, values: MessageValues<N>): void {
    if (this.#ended === undefined) this.#connection.send(name, SESSIONS.CONTROL, values);
  }

  /** Each has a session of its own. */
  #request<N extends TableMessageName, A extends AnswerName>(
    name: N,
    values: MessageValues<N>,
    answerName: A,
  ): Promise<Message<A>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const number = this.#nextSession++;
    const answer = this.#requests.open(number, answerName);
    this.#connection.send(name, number, values);
    return answer;
  }

  #open(
    number: number,
    link: Pick<SessionLink, 'leave' | 'sendStdin'>,
    options?: SessionOptions,
  ): ExecSession {
    const session: ExecSession = new ExecSession(
      {
        ...link,
        box: this.#name,
        send: (name, values) => this.#connection.send(name, number, values),
        release: () => {
          if (this.#sessions.get(number) === session) this.#sessions.delete(number);
        },
      },
      options,
    );
    this.#sessions.set(number, session);
    if (this.#ended !== undefined) session.disconnect(this.#ended);
    return session;
  }

  #receive(session: number, name: TableMessageName, payload: Buffer): void {
    if (name === 'welcome') {
      const greeting = readWelcome(payload, this.#name);
      if (this.#greeting !== undefined && !isSameShim(this.#greeting, greeting))
        throw new BoxliteError('protocol', `the shim of box ${this.#name} greeted as another`);
      this.#greeting = greeting;
      this.#welcome.resolve(true);
      this.#phaseChange?.resolve(undefined);
    } else if (name === 'gone') {
      this.#gone = true;
      this.#close(undefined);
      if (!this.#ownsExit) this.#connection.close();
    } else if (session === SESSIONS.CONTROL) this.#receiveControl(name, payload);
    else if (!this.#requests.receive(session, name, payload))
      this.#sessions.get(session)?.receive(name, payload);
  }

  #receiveControl(name: TableMessageName, payload: Buffer): void {
    if (name === 'failed') this.#failStart(bootFailure(decodeMessage(name, payload)));
    else if (name === 'refused') this.#refused(refusal(decodeMessage(name, payload), this.#name));
    else this.#start.receive(name, payload);
  }

  #changePhase(name: 'pause' | 'resume'): Promise<void> {
    this.#phaseChange = new Deferred();
    this.#send(name, {});
    if (this.#ended !== undefined) this.#phaseChange.reject(this.#ended);
    return this.#phaseChange.promise;
  }

  #refused(reason: BoxliteError): void {
    this.#phaseChange?.reject(reason);
    this.#failStart(reason);
  }

  #failStart(reason: BoxliteError): void {
    this.#start.fail(reason);
    this.#sessions.get(SESSIONS.MAIN)?.failStart(reason);
  }

  /** No more frames come: the box or the connection has ended. */
  #close(error: BoxliteError | undefined): void {
    if (this.#ended !== undefined) return;
    this.#ended = error ?? this.#endReason();
    if (error === undefined) this.#welcome.resolve(false);
    else this.#welcome.reject(error);
    this.#start.end(this.#ended);
    this.#requests.fail(this.#ended);
    this.#phaseChange?.reject(this.#ended);
    for (const session of [...this.#sessions.values()]) session.disconnect(this.#ended);
    this.#closed.resolve(undefined);
  }

  #endReason(): BoxliteError {
    if (this.#gone) return new BoxliteError('box-not-running', `box ${this.#name} has ended`);
    if (this.#leaving)
      return new BoxliteError('cancelled', `the connection to box ${this.#name} was closed`);
    return connectionLost(this.#name);
  }
}
