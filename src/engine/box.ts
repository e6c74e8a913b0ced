import { abortable } from '../abort.js';
import { BoxliteError } from '../errors.js';
import type { BoxRecord } from '../store/box-record.js';
import { canRun, isActive } from '../store/status.js';
import { BoxNetworking } from './box-networking.js';
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
import { removeIfEnded } from './lifecycle/remove.js';
import { catchUp, restartBox } from './lifecycle/restart.js';
import { startBox, type StartedBox, type StartRequest } from './lifecycle/start.js';
import { killBox, stopBox } from './lifecycle/stop.js';
import { waitForBox, type WaitResult } from './lifecycle/wait.js';
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

/**
 * A handle to one box; holds no resources. `await using` ends what this handle has begun: see
 * `[Symbol.asyncDispose]`.
 */
export class LiteBox extends BoxNetworking implements AsyncDisposable {
  /** This handle made or started the box, so disposing of the handle stops it. */
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
   * Starts the box; does nothing if it runs already. Resolves when its command runs.
   * @throws boot-failed, with the stage; exec-not-found, exec-not-invocable, exec-failed of its own command;
   *   box-state, box-busy, box-not-found, timeout, cancelled, runtime-closed
   */
  async start(options: StartOptions = {}): Promise<void> {
    const started = await this.#start({ ...options, attach: false });
    started?.client.close();
    await catchUp(this.context);
  }

  /**
   * Starts the box and attaches to its command; no output is lost. A box with `autoRemove` is gone when
   * `wait` resolves.
   * @throws box-running when it runs already (use `attach` then), and what `start` throws
   */
  async startAttached(options: StartOptions = {}): Promise<Execution> {
    const started = await this.#start({ ...options, attach: true });
    if (started === undefined)
      throw new BoxliteError('box-running', `box ${this.name ?? this.id} is running already`, {
        hint: 'attach to it instead',
      });
    return mainExecution(this.context, this.id, started.client, started.main);
  }

  /**
   * Attaches to the command of a running box, from the next byte of its output on.
   * @throws box-not-running; box-state when it is paused or restarting; box-not-found
   */
  async attach(): Promise<Execution> {
    const record = await this.observed();
    const client = await runningClient(this.context, record, { doing: 'attaching to it' });
    return mainExecution(this.context, this.id, client, client.main());
  }

  /**
   * Runs a command in the box, beside the box's own; resolves when it has started. Starts an idle box first;
   * does not restart a box whose own command has ended.
   * @throws exec-not-found, exec-not-invocable, exec-failed, box-not-running, box-state, timeout, cancelled,
   *   and what `start` throws
   */
  async exec(command: BoxCommand, { signal }: ExecOptions = {}): Promise<Execution> {
    await this.#startIdle(await this.observed(), signal);
    const started = await startCommand(this.context, this.id, command, { signal });
    return commandExecution(this.context, this, started, { timeoutMs: command.timeoutMs, signal });
  }

  /**
   * Runs a command to its end and returns its output: `exec`, input, output and `wait` in one. A non-zero
   * exit code is a result, not an error.
   *
   * ```ts
   * const { stdout, exitCode } = await box.run('ls', ['-la'], { cwd: '/etc', timeout: 5_000 });
   * ```
   * @param program a path, or a name looked up in the box's PATH
   * @param args passed unchanged; no shell interprets them
   * @throws output-limit when it writes more than `maxBuffer` to a stream; the command is ended then;
   *   cancelled; and what `exec` throws
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
   * Like `exec`, but the command has no streams and outlives this process. Resolves when it has started.
   * @throws what `exec` throws
   */
  async execDetached(command: BoxCommand, { signal }: ExecOptions = {}): Promise<void> {
    await this.#startIdle(await this.observed(), signal);
    const options = { detached: true, signal };
    const { client } = await startCommand(this.context, this.id, command, options);
    client.close();
  }

  /**
   * Ends the box's command with the stop signal, or with KILL after the grace period, and then the VM; the
   * box's files stay for the next start. Does nothing if the box does not run. A box with `autoRemove` is
   * gone when this resolves.
   * @throws box-busy, box-not-found, timeout when its supervisor does not end, cancelled
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { autoRemove } = this.record();
    await stopBox(this.context, this.id, options);
    this.context.lifetime.stopped(this.id);
    // The box's own exit hook does the same; the later of the two finds nothing.
    if (autoRemove) await removeIfEnded(this.context, this.id);
    await catchUp(this.context);
  }

  /**
   * Sends a signal to the box's command.
   * @param signal name or number; default KILL
   * @throws box-not-running, invalid-argument for an unknown signal
   */
  async kill(signal = 'KILL'): Promise<void> {
    await killBox(this.context, this.id, signal);
    await catchUp(this.context);
  }

  /** Stops the box if it runs, then starts it. @throws what `stop` and `start` throw */
  async restart(options: StopOptions = {}): Promise<void> {
    await restartBox(this.context, this.id, options);
    await catchUp(this.context);
  }

  /** Pauses the box: its processors stop until `unpause`. @throws box-not-running, box-state */
  async pause(): Promise<void> {
    await pauseBox(this.context, this.id);
    await catchUp(this.context);
  }

  /** Resumes a paused box. @throws box-not-running, box-state when it is not paused */
  async unpause(): Promise<void> {
    await unpauseBox(this.context, this.id);
    await catchUp(this.context);
  }

  /**
   * Changes the given options of the box; a new restart policy takes effect at once.
   * @throws invalid-argument; box-running for options that need a stopped box; box-busy, box-not-found
   */
  async update(options: UpdateOptions): Promise<void> {
    const { updateBox } = await import('./lifecycle/update.js');
    await updateBox(this.context, this.id, options);
    await catchUp(this.context);
  }

  /**
   * Resolves when the box has ended, at once if it does not run.
   * @throws box-not-found, box-state when its state is unknown, vmm-failed when its supervisor was lost,
   *   cancelled
   */
  async wait(options: WaitOptions = {}): Promise<WaitResult> {
    return waitForBox(this.context, this.id, options);
  }

  /**
   * The box's file system as a tar (pax format), without mounted file systems. A box that does not run stays
   * stopped: a helper machine reads its disk, and nothing of the box runs.
   * @throws box-not-found, cancelled, and what `start` throws
   */
  export({ signal }: AbortOptions = {}): AsyncIterable<Buffer> {
    return exportBox(this.context, this.id, undefined, signal);
  }

  /**
   * Renames the box, in its networks, too; the `name` of this handle stays the old one.
   * @throws name-taken, invalid-argument, box-not-found, box-busy; box-state, timeout or vmm-failed when the networks of a
   *   running box could not be told
   */
  async rename(name: string): Promise<void> {
    const { renameBox } = await import('./lifecycle/rename.js');
    await renameBox(this.context, this.id, name);
  }

  /**
   * Copies a file or directory of the host to `guestDestination`, as `docker cp` does. A box that does not
   * run stays stopped, and nothing of it runs; an idle box is started.
   * @throws invalid-argument, no-space, permission, box-not-running when it ends meanwhile, cancelled
   */
  async copyInto(
    hostSource: string,
    guestDestination: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    return this.#copying(options, (box) => copyInto(box, hostSource, guestDestination, options));
  }

  /**
   * Copies a file or directory of the box to `hostDestination`, as `docker cp` does. Whatever the box
   * contains or sends, nothing outside `hostDestination` is touched.
   * @throws what `copyInto` throws
   */
  async copyOut(
    guestSource: string,
    hostDestination: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    return this.#copying(options, (box) => copyOut(box, guestSource, hostDestination, options));
  }

  /** Unpacks a tar, compressed or not, into a directory of the box. @throws what `copyInto` throws */
  async unpackInto(
    archive: AsyncIterable<Uint8Array>,
    guestDirectory: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    return this.#copying(options, (box) => unpackInto(box, archive, guestDirectory, options));
  }

  /**
   * A file or directory of the box as a tar. The box controls the names in it: unpack it in an empty
   * directory.
   * @throws what `copyInto` throws
   */
  async *packOut(guestSource: string, options: CopyOptions = {}): AsyncGenerator<Buffer> {
    yield* packOut(await this.#copyBox(options), guestSource, options);
  }

  /**
   * Ends only what this handle has begun: stops a box that it created or started (which removes a box with
   * `autoRemove`), and leaves alone one that ran already. A stopped box can be started again.
   * @throws what `stop` throws, but for box-not-found
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

  /** @returns undefined if it runs already */
  async #start(request: StartRequest): Promise<StartedBox | undefined> {
    const { lifetime } = this.context;
    const started = await lifetime.starting(this.id, () =>
      startBox(this.context, this.id, request),
    );
    if (started !== undefined) this.#owned = true;
    return started;
  }

  /** An idle box exists only for the commands that run in it. */
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
