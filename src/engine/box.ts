import { ShimClient } from '../agent/client.js';
import type { ExecSession } from '../agent/exec-session.js';
import { readOutputLog } from '../agent/output-log.js';
import { BoxliteError } from '../errors.js';
import type { BoxRecord } from '../store/box-record.js';
import { canRun, isActive, isRunning } from '../store/status.js';
import { boxInfo, type BoxInfo } from './box-info.js';
import { mergeEnv, specOf } from './box-spec.js';
import { currentRecord, type EngineContext } from './context.js';
import { type BoxCommand, Execution } from './execution.js';
import { exitFact } from './facts.js';
import { commandValues } from './guest-messages.js';
import { inspectBox, type BoxInspection } from './inspect.js';
import { observed, settle } from './observe.js';
import type { StartOptions, StopOptions } from './options.js';
import { removeBox } from './remove.js';
import { startBox } from './start.js';
import { killBox, runningClient, stopBox } from './stop.js';

export interface LogOptions {
  /** Go on until the box ends. */
  follow?: boolean;
  /** Only the last so many lines. */
  tail?: number;
  since?: Date;
  until?: Date;
  signal?: AbortSignal;
}

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  time: Date;
  data: Buffer;
}

/** A handle to one box; holds nothing open. */
export class LiteBox {
  readonly id: string;
  readonly name: string | undefined;
  readonly #context: EngineContext;

  constructor(context: EngineContext, record: Pick<BoxRecord, 'id' | 'name'>) {
    this.#context = context;
    this.id = record.id;
    this.name = record.name ?? undefined;
  }

  async info(): Promise<BoxInfo> {
    return boxInfo(await this.#observed());
  }

  async inspect(): Promise<BoxInspection> {
    return inspectBox(this.#context.home, await this.#observed());
  }

  /** Does nothing when the box runs already. */
  async start(options: StartOptions = {}): Promise<void> {
    const started = await startBox(this.#context, this.id, { ...options, attach: false });
    started?.client.close();
  }

  /**
   * Starts the box attached to its command: not a byte of output is lost. A box that removes itself
   * is gone when `wait` resolves.
   * @throws box-running when it runs already: `attach` is for that
   */
  async startAttached(options: StartOptions = {}): Promise<Execution> {
    const started = await startBox(this.#context, this.id, { ...options, attach: true });
    if (started === undefined)
      throw new BoxliteError('box-running', `box ${this.name ?? this.id} is running already`, {
        hint: 'attach to it instead',
      });
    return this.#mainExecution(started.client, started.main);
  }

  /** Attaches to the command of a running box, from its next byte on. */
  async attach(): Promise<Execution> {
    const client = await runningClient(this.#context, await this.#observed());
    const main = client.main();
    return this.#mainExecution(client, main);
  }

  /**
   * Runs a command in the box. A box without a command of its own is started first.
   * @throws exec-not-found, exec-not-invocable, box-not-running
   */
  async exec(command: BoxCommand): Promise<Execution> {
    const record = await this.#observed();
    const spec = specOf(record.options);
    if (!isActive(record.status) && spec.idle && canRun(record.status)) await this.start();
    const client = await runningClient(this.#context, await this.#observed());
    const terminal = command.terminal;
    const session = client.exec(
      commandValues({
        argv: command.argv,
        env: mergeEnv(spec.env, terminal ? ['TERM=xterm'] : [], command.variables),
        workingDir: command.directory ?? spec.workingDir,
        user: command.runAs ?? spec.user,
        tty: terminal,
        stdin: command.stdinOpen,
        timeoutMs: command.timeoutMs,
      }),
    );
    session.exited.catch(() => undefined); // told by the execution
    try {
      await session.started;
    } catch (error) {
      client.close();
      throw error;
    }
    const leave = (): void => client.close();
    session.exited.then(leave, leave);
    return new Execution(session, { detach: leave });
  }

  /** A box that removes itself is gone when this resolves. */
  async stop(options: StopOptions = {}): Promise<void> {
    const { autoRemove } = this.#record();
    await stopBox(this.#context, this.id, options);
    // Its own hook does the same; whoever is later finds nothing.
    if (autoRemove) await removeIfThere(this.#context, this.id);
  }

  /** @param signal name or number; @throws box-not-running */
  async kill(signal = 'KILL'): Promise<void> {
    await killBox(this.#context, this.id, signal);
  }

  /** Resolves when the box has ended, at once when it does not run. */
  async wait(): Promise<{ exitCode: number }> {
    const record = await this.#observed();
    const client = isActive(record.status)
      ? await ShimClient.connect(this.#context.home.box(this.id))
      : null;
    if (client !== null) {
      // The record is there as soon as the command has ended; the VM's power-off comes after.
      const main = client.main();
      main.onOutput((_stream, _chunk, consumed) => consumed());
      main.started.catch(() => undefined);
      await Promise.race([main.exited.catch(() => undefined), client.closed]);
      client.close();
    }
    const exit = await exitFact(this.#context.home.box(this.id));
    return { exitCode: exit?.code ?? (await this.#exitCodeFromStore()) };
  }

  /** The command's output as it was logged. */
  async *logs(options: LogOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    const { since, until, tail, signal } = options;
    const follow = options.follow === true ? this.#ended() : undefined;
    const records = readOutputLog(this.#context.home.boxFile(this.id, 'log'), {
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { sinceNs: nanoseconds(since) }),
      ...(until === undefined ? {} : { untilNs: nanoseconds(until) }),
      ...(follow === undefined ? {} : { follow }),
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const { stream, timeNs, data } of records)
      yield { stream, time: new Date(Number(timeNs / 1_000_000n)), data };
  }

  /** Path of the VM's own console. */
  consolePath(): string {
    return this.#context.home.boxFile(this.id, 'console');
  }

  #mainExecution(client: ShimClient, main: ExecSession): Execution {
    const { autoRemove } = currentRecord(this.#context, this.id);
    return new Execution(main, {
      detach: () => client.close(),
      onExit: async () => {
        if (autoRemove) await this.#removeAfterExit(client);
        else await settle(this.#context.home, this.#context.database(), this.#record());
        client.close();
      },
    });
  }

  /** What the box wrote is not wanted any more, so its VM need not write it back. */
  async #removeAfterExit(client: ShimClient): Promise<void> {
    client.killVmm();
    await removeIfThere(this.#context, this.id);
    client.exitHandled();
  }

  /** Resolves when the box does not run (any more). */
  async #ended(): Promise<void> {
    const client = await ShimClient.connect(this.#context.home.box(this.id));
    await client?.closed;
  }

  #record(): BoxRecord {
    return currentRecord(this.#context, this.id);
  }

  async #observed(): Promise<BoxRecord> {
    return observed(this.#context.home, this.#record());
  }

  async #exitCodeFromStore(): Promise<number> {
    const record = await this.#observed();
    if (isRunning(record.status))
      throw new BoxliteError('vmm-failed', `the connection to box ${this.id} was lost`);
    return record.exitCode ?? 0;
  }
}

async function removeIfThere(context: EngineContext, id: string): Promise<void> {
  try {
    await removeBox(context, id, { force: true });
  } catch (error) {
    // Somebody else was quicker.
    if (!(error instanceof BoxliteError && error.code === 'box-not-found')) throw error;
  }
}

const nanoseconds = (date: Date): bigint => BigInt(date.getTime()) * 1_000_000n;
