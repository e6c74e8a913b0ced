import { abortable } from '../abort.js';
import { BoxliteError } from '../errors.js';
import type { BoxRecord } from '../store/box-record.js';
import { canRun, isActive } from '../store/status.js';
import { BoxReports } from './box-reports.js';
import { commandExecution } from './exec/command-execution.js';
import { startCommand } from './exec/exec.js';
import type { BoxCommand, Execution } from './exec/execution.js';
import { mainExecution } from './exec/main-execution.js';
import { type RunOptions, type RunResult, runToEnd } from './exec/run.js';
import type { ArchivedBox } from './files/archive-session.js';
import { copyInto, copyOut, packOut, unpackInto } from './files/copy.js';
import type { CopyOptions, CopyResult } from './files/copy-options.js';
import { exportBox } from './files/export.js';
import { pauseBox, unpauseBox } from './lifecycle/pause.js';
import { freeName, removeIfEnded } from './lifecycle/remove.js';
import { catchUp, restartBox } from './lifecycle/restart.js';
import { startBox, type StartedBox, type StartRequest } from './lifecycle/start.js';
import { killBox, stopBox } from './lifecycle/stop.js';
import { waitForBox, type WaitResult } from './lifecycle/wait.js';
import { checkName } from './spec/box-spec.js';
import type {
  AbortOptions,
  ExecOptions,
  StartOptions,
  StopOptions,
  UpdateOptions,
  WaitOptions,
} from './spec/options.js';
import { specOf } from './spec/stored-spec.js';
import { type EngineContext } from './state/context.js';
import { runningClient } from './state/running-client.js';
import { noSuchBox } from './state/state-error.js';

/**
 * A handle to one box; holds nothing open. `await using` ends what this handle has begun: see
 * `[Symbol.asyncDispose]`.
 */
export class LiteBox extends BoxReports implements AsyncDisposable {
  /** The box was made or started by this handle, which then ends it when it is disposed of. */
  #owned: boolean;

  /** @internal */
  constructor(
    context: EngineContext,
    record: Pick<BoxRecord, 'id' | 'name'>,
    { created = false }: { created?: boolean } = {},
  ) {
    super(context, record);
    this.#owned = created;
  }

  /**
   * Starts the box, or does nothing when it runs already. Resolves when its command runs.
   * @throws boot-failed, with the stage; exec-not-found, exec-not-invocable, exec-failed of its own
   *   command; box-state, box-busy, box-not-found, runtime-closed
   */
  async start(options: StartOptions = {}): Promise<void> {
    const started = await this.#start({ ...options, attach: false });
    started?.client.close();
    await catchUp(this.context);
  }

  /**
   * Starts the box attached to its command: not a byte of output is lost. A box that removes itself
   * is gone when `wait` resolves.
   * @throws box-running when it runs already: `attach` is for that
   */
  async startAttached(options: StartOptions = {}): Promise<Execution> {
    const started = await this.#start({ ...options, attach: true });
    if (started === undefined)
      throw new BoxliteError('box-running', `box ${this.name ?? this.id} is running already`, {
        hint: 'attach to it instead',
      });
    return mainExecution(this.context, this.id, started.client, started.main);
  }

  /** Attaches to the command of a running box, from its next byte on. */
  async attach(): Promise<Execution> {
    const record = await this.observed();
    const client = await runningClient(this.context, record, { doing: 'attaching to it' });
    return mainExecution(this.context, this.id, client, client.main());
  }

  /**
   * Runs a command in the box, besides its own; resolves when it has started. A box that is idle is
   * started first; one whose own command has ended is not run again.
   * @throws exec-not-found, exec-not-invocable, exec-failed, box-not-running, and what `start` throws
   */
  async exec(command: BoxCommand, { signal }: ExecOptions = {}): Promise<Execution> {
    await this.#startIdle(await this.observed(), signal);
    const started = await startCommand(this.context, this.id, command, { signal });
    return commandExecution(this.context, this, started, command, signal);
  }

  /**
   * Runs a command to its end and gives what it wrote: `exec`, input, output and `wait` in one. Whatever it exits
   * with is a result, no error.
   *
   * ```ts
   * const { stdout, exitCode } = await box.run('ls', ['-la'], { cwd: '/etc', timeout: 5_000 });
   * ```
   * @param program a path, or a name looked up in the box's PATH
   * @param args passed on as they are: no shell looks at them
   * @throws output-limit when it writes more than `maxBuffer` to one of its streams, which ends it; cancelled;
   *   and what `exec` throws
   */
  run(
    program: string,
    args: readonly string[] | undefined,
    options: RunOptions & { encoding: 'buffer' },
  ): Promise<RunResult<Buffer>>;
  run(
    program: string,
    args?: readonly string[],
    options?: RunOptions & { encoding?: 'utf8' },
  ): Promise<RunResult>;
  run(
    program: string,
    args: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<RunResult<string | Buffer>> {
    return runToEnd((command, each) => this.exec(command, each), program, args, options);
  }

  /**
   * The same for a command that is left running: it has no streams, and outlives this process. Resolves
   * when it has started.
   */
  async execDetached(command: BoxCommand, { signal }: ExecOptions = {}): Promise<void> {
    await this.#startIdle(await this.observed(), signal);
    const options = { detached: true, signal };
    const { client } = await startCommand(this.context, this.id, command, options);
    client.close();
  }

  /**
   * Ends the box's command by its stop signal, by KILL after the grace, and the VM with it; what is in
   * the box stays for the next start. A box that does not run is left alone. A box that removes itself
   * is gone when this resolves.
   * @throws box-busy, box-not-found, timeout when its supervisor does not end
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { autoRemove } = this.record();
    await stopBox(this.context, this.id, options);
    this.context.lifetime.stopped(this.id);
    // Its own hook does the same; whoever is later finds nothing.
    if (autoRemove) await removeIfEnded(this.context, this.id);
    await catchUp(this.context);
  }

  /** @param signal name or number; @throws box-not-running */
  async kill(signal = 'KILL'): Promise<void> {
    await killBox(this.context, this.id, signal);
    await catchUp(this.context);
  }

  /** Stops it, then starts it; a stopped box is started. */
  async restart(options: StopOptions = {}): Promise<void> {
    await restartBox(this.context, this.id, options);
    await catchUp(this.context);
  }

  /** Holds the box: its processors stand still until `unpause`. @throws box-not-running, box-state */
  async pause(): Promise<void> {
    await pauseBox(this.context, this.id);
    await catchUp(this.context);
  }

  /** @throws box-not-running, box-state when it is not paused */
  async unpause(): Promise<void> {
    await unpauseBox(this.context, this.id);
    await catchUp(this.context);
  }

  /** @throws invalid-argument, box-running for what needs a stopped box */
  async update(options: UpdateOptions): Promise<void> {
    const { updateBox } = await import('./lifecycle/update.js');
    await updateBox(this.context, this.id, options);
    await catchUp(this.context);
  }

  /** Resolves when the box has ended, at once when it does not run. */
  async wait(options: WaitOptions = {}): Promise<WaitResult> {
    return waitForBox(this.context, this.id, options);
  }

  /**
   * The box's file system as a tar (pax format), without what is mounted over it. A box that does not run
   * stays as it is: nothing of its own runs.
   */
  export({ signal }: AbortOptions = {}): AsyncIterable<Buffer> {
    return exportBox(this.context, this.id, undefined, signal);
  }

  /** This handle keeps the old name. @throws name-taken, invalid-argument, box-not-found */
  async rename(name: string): Promise<void> {
    await freeName(this.context, name);
    if (!this.context.database().boxes.rename(this.id, checkName(name))) throw noSuchBox(this.id);
  }

  /**
   * Copies a file or directory of the host to `guestDestination`, as `docker cp` does. A box that does not
   * run stays as it is: nothing of its own runs; one without a command of its own is started.
   * @throws invalid-argument, no-space, permission, box-not-running when it ends meanwhile
   */
  async copyInto(
    hostSource: string,
    guestDestination: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    return this.#copying(options, (box) => copyInto(box, hostSource, guestDestination, options));
  }

  /** The other way. Whatever the box holds or does, nothing outside `hostDestination` is touched. */
  async copyOut(
    guestSource: string,
    hostDestination: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    return this.#copying(options, (box) => copyOut(box, guestSource, hostDestination, options));
  }

  /** Unpacks a tar, compressed or not, into a directory of the box. */
  async unpackInto(
    archive: AsyncIterable<Uint8Array>,
    guestDirectory: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    return this.#copying(options, (box) => unpackInto(box, archive, guestDirectory, options));
  }

  /** A file or directory of the box as a tar. */
  async *packOut(guestSource: string, options: CopyOptions = {}): AsyncGenerator<Buffer> {
    yield* packOut(await this.#copyBox(options), guestSource, options);
  }

  /**
   * Ends what this handle has begun, and nothing else: a box that it created or started is stopped (and
   * gone then, if it removes itself); one that was there, and ran, is left alone. A stopped box stays,
   * and can be started again.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#owned) return;
    this.#owned = false;
    try {
      await this.stop();
    } catch (error) {
      if (!(error instanceof BoxliteError && error.code === 'box-not-found')) throw error;
    }
  }

  /** @returns undefined when it runs already */
  async #start(request: StartRequest): Promise<StartedBox | undefined> {
    const { lifetime } = this.context;
    const started = await lifetime.starting(this.id, () =>
      startBox(this.context, this.id, request),
    );
    if (started !== undefined) this.#owned = true;
    return started;
  }

  /** A box without a command of its own is only there for what is done in it. */
  async #startIdle(record: BoxRecord, signal?: AbortSignal): Promise<void> {
    const { idle } = specOf(record.options);
    if (!isActive(record.status) && idle && canRun(record.status)) await this.start({ signal });
  }

  #copying(
    options: CopyOptions,
    copy: (box: ArchivedBox) => Promise<CopyResult>,
  ): Promise<CopyResult> {
    const what = `the copy of box ${this.name ?? this.id}`;
    return abortable(options.signal, what, async () => copy(await this.#copyBox(options)));
  }

  async #copyBox({ signal }: CopyOptions): Promise<ArchivedBox> {
    const record = await this.observed();
    await this.#startIdle(record, signal);
    return { context: this.context, id: this.id, name: this.name ?? this.id };
  }
}
