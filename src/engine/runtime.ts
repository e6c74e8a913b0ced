import { BoxliteError } from '../errors.js';
import type { BoxRecord } from '../store/box-record.js';
import type { LiteBox } from './box.js';
import { ImageRuntime } from './image-runtime.js';
import type { Images } from './images/images.js';
import type { Registries } from './images/registries.js';
import type { CreateOptions } from './lifecycle/create.js';
import type { PrunedBoxes } from './lifecycle/prune.js';
import { NetworkRuntime } from './network-runtime.js';
import { type Engine, openEngine } from './open-engine.js';
import type { RuntimeInfo } from './report/runtime-info.js';
import type { RuntimeMetrics } from './report/runtime-metrics.js';
import type { DoctorReport, DoctorRequest, PreflightReport } from './setup/doctor/doctor.js';
import type { SetupReport } from './setup/setup.js';
import type { SetupRequest } from './setup/setup-home.js';
import { DEFAULT_STOP_TIMEOUT_SECONDS } from './spec/defaults.js';
import type { CommitOptions } from './spec/options.js';
import type { BoxliteOptions, BoxOptions, RemoveOptions } from './spec/options.js';
import { type BoxInfo, boxInfo } from './state/box-info.js';
import type { EngineContext } from './state/context.js';
import type { BoxliteEvent, EventOptions } from './state/events.js';
import { observed } from './state/observe.js';
import { noSuchBox } from './state/state-error.js';
import { VolumeRuntime } from './volume-runtime.js';

/**
 * The engine on one home directory. Any number of runtimes, in any number of processes, may share a home.
 * Creating one is cheap: the first call that needs the database opens it, and each call loads only the code
 * it needs. After `close` or `shutdown`, all other methods throw `runtime-closed`.
 */
export class BoxliteRuntime extends ImageRuntime implements AsyncDisposable {
  static #default: BoxliteRuntime | undefined;

  /** The networks with names, and the boxes in them. */
  readonly networks = new NetworkRuntime(() => this.#context);
  /** The volumes, with names and without. */
  readonly volumes = new VolumeRuntime(() => this.#context);
  #shutdown: Promise<void> | undefined;
  readonly #options: BoxliteOptions;
  readonly #engine: Engine;

  /** @param options all optional; see `BoxliteOptions` for the defaults */
  constructor(options: BoxliteOptions = {}) {
    super();
    this.#options = options;
    this.#engine = openEngine(options);
  }

  static withDefaults(): BoxliteRuntime {
    return new BoxliteRuntime();
  }

  /**
   * The process's default runtime, created by the first call, and again by the first call after it was
   * closed.
   */
  static defaultRuntime(): BoxliteRuntime {
    return BoxliteRuntime.tryDefaultRuntime() ?? (BoxliteRuntime.#default = new BoxliteRuntime());
  }

  /** The process's default runtime, if one is open. */
  static tryDefaultRuntime(): BoxliteRuntime | undefined {
    const runtime = BoxliteRuntime.#default;
    const isOpen = runtime !== undefined && runtime.#engine.context.lifetime.isOpen;
    return isOpen ? runtime : undefined;
  }

  /**
   * Creates the process's default runtime with these options.
   * @throws invalid-argument when one is open already
   */
  static initDefaultRuntime(options: BoxliteOptions): void {
    if (BoxliteRuntime.tryDefaultRuntime())
      throw new BoxliteError('invalid-argument', 'the default runtime is initialised already', {
        hint: 'call initDefaultRuntime before anything else asks for it, or shut it down first',
      });
    BoxliteRuntime.#default = new BoxliteRuntime(options);
  }

  /**
   * Creates a box; its VM starts with `start` or the first `exec`. Without a command and an entrypoint in
   * `options` the box is idle: it only runs the commands of `exec`, until `stop`.
   * @param name default: a random one
   * @throws name-taken, image-not-found, invalid-argument, setup-needed, cancelled, and what a pull may throw
   */
  async create(options: CreateOptions = {}, name?: string): Promise<LiteBox> {
    const context = this.#context;
    const { createBox } = await import('./lifecycle/create.js');
    const record = await createBox(context, await this.images(), options, name);
    await this.#catchUp(context);
    const { LiteBox } = await import('./box.js');
    return new LiteBox(context, record, { created: true });
  }

  /**
   * Finds a box by full id, else name, else unambiguous prefix of an id; undefined if there is none.
   * @throws box-ambiguous
   */
  async get(idOrName: string): Promise<LiteBox | undefined> {
    return this.#handle(this.#find(idOrName));
  }

  /** Like `get`, but returns what is known about the box. @throws box-ambiguous */
  async getInfo(idOrName: string): Promise<BoxInfo | undefined> {
    const record = this.#find(idOrName);
    if (record === undefined) return undefined;
    const { home, database } = this.#context;
    const actual = await observed(home, record, database());
    return boxInfo(actual, database().endpoints.ofBox(record.id));
  }

  /** All boxes, newest first. */
  async listInfo(): Promise<BoxInfo[]> {
    const { home, database } = this.#context;
    const records = database().boxes.list();
    const truths = await Promise.all(records.map((record) => observed(home, record, database())));
    const endpoints = database().endpoints.byBox();
    return truths.map((truth) => boxInfo(truth, endpoints.get(truth.id)));
  }

  /** Whether `get` finds a box. @throws box-ambiguous */
  async exists(idOrName: string): Promise<boolean> {
    return Promise.resolve(this.#find(idOrName) !== undefined);
  }

  /** The box of that name, and whether this call created it. @throws what `create` throws */
  async getOrCreate(options: CreateOptions, name?: string): Promise<[LiteBox, boolean]> {
    if (name !== undefined)
      await (await import('./lifecycle/remove.js')).freeName(this.#context, name);
    const existing = await this.#named(name);
    if (existing) return [existing, false];
    try {
      return [await this.create(options, name), true];
    } catch (error) {
      // Another process created it between the lookup and the insert.
      const other = await this.#named(name);
      if (other && error instanceof BoxliteError && error.code === 'name-taken')
        return [other, false];
      throw error;
    }
  }

  /**
   * Removes a box and all its data; volumes stay, but for those that `options` say.
   * @param options `true` for `{ force: true }`, which kills a running box first
   * @throws box-not-found; box-running without `force`; box-ambiguous, box-busy, box-state
   */
  async remove(idOrName: string, options: boolean | RemoveOptions = {}): Promise<void> {
    const settled = typeof options === 'boolean' ? { force: options } : options;
    const context = this.#context;
    const [{ removeBox }, { emptyTrash }, { sweepVolumes }, { withReserve }] = await Promise.all([
      import('./lifecycle/remove.js'),
      import('./state/trash.js'),
      import('./volumes/sweep.js'),
      import('../store/reserve.js'),
    ]);
    try {
      await withReserve(context.home, async () => {
        const record = this.#find(idOrName);
        if (!record) throw noSuchBox(idOrName);
        await removeBox(context, record.id, settled);
        context.lifetime.stopped(record.id);
      });
    } finally {
      await emptyTrash(context.home, context.database());
      // Anonymous volumes of boxes whose removal was killed. What can't be deleted `volume prune` tells.
      await sweepVolumes(context);
    }
    await this.#catchUp(context);
  }

  /** Removes the boxes that do not run and, if `matches` is given, for which it returns true. */
  async pruneBoxes(matches?: (box: BoxInfo) => boolean): Promise<PrunedBoxes> {
    const context = this.#context;
    const { pruneBoxes } = await import('./lifecycle/prune.js');
    const { sweepVolumes } = await import('./volumes/sweep.js');
    const { withReserve } = await import('../store/reserve.js');
    try {
      return await withReserve(context.home, () => pruneBoxes(context, matches));
    } finally {
      await sweepVolumes(context);
    }
  }

  /**
   * Makes an image from a box; returns the image's id.
   * @throws box-not-found, box-ambiguous, invalid-argument, invalid-reference, cancelled, and what `start`
   *   throws
   */
  async commit(idOrName: string, options: CommitOptions = {}): Promise<string> {
    const { commitBox } = await import('./files/commit.js');
    const record = this.#find(idOrName);
    if (!record) throw noSuchBox(idOrName);
    return commitBox(this.#context, await this.images(), record.id, options);
  }

  /**
   * @internal A box's shim runs this when the box has ended: it removes or restarts the box, as its options
   *   say.
   */
  async handleExit(id: string): Promise<void> {
    const { handleExit } = await import('./lifecycle/restart.js');
    return handleExit(this.#context, id);
  }

  /**
   * @internal Starts the boxes whose restart policy requires it after a reboot of the host or the death of
   *   their supervisor.
   * @param onStarted called with the name of each box that started
   * @returns the errors of boxes that failed to start
   */
  async startDue(onStarted: (name: string) => Promise<void>): Promise<unknown[]> {
    const { startDue } = await import('./lifecycle/restart.js');
    return startDue(this.#context, onStarted);
  }

  /**
   * Events of boxes and images: past ones from `since` on, then new ones until `until` or until the signal
   * aborts.
   */
  async *events(options: EventOptions = {}): AsyncGenerator<BoxliteEvent, void, undefined> {
    const { followEvents } = await import('./state/events.js');
    yield* followEvents(this.#context, options);
  }

  /** Totals since the home was created, and what runs now. */
  async metrics(): Promise<RuntimeMetrics> {
    const { runtimeMetrics } = await import('./report/runtime-metrics.js');
    return runtimeMetrics(this.#context);
  }

  /** What boxes run on here, and how many there are. Read-only: does not try KVM. */
  async info(): Promise<RuntimeInfo> {
    const { runtimeInfo } = await import('./report/runtime-info.js');
    return runtimeInfo(this.#context, this.#options.accelerator ?? 'auto', await this.images());
  }

  /** Prepares the home: kernel, initramfs, built-in image, first template. */
  async setup(request: SetupRequest = {}): Promise<SetupReport> {
    const { setupHome } = await import('./setup/setup-home.js');
    return setupHome(this.#context, await this.images(), request);
  }

  /**
   * Checks what boxes need on this machine, without starting one: suited to a program's start. If it is
   * unknown whether KVM works, this tries it, which may take seconds.
   * @returns a report, even when something is missing
   */
  async check(): Promise<PreflightReport> {
    const { preflight } = await import('./setup/doctor/doctor.js');
    return preflight(this.#context);
  }

  /** `check`, plus a test run of a box. The command line's `doctor` shows this report. */
  async doctor(request: DoctorRequest = {}): Promise<DoctorReport> {
    const { examine } = await import('./setup/doctor/doctor.js');
    const parts = {
      context: this.#context,
      registryOptions: () => this.registries().options(),
      create: (options: BoxOptions) => this.create(options),
      remove: (id: string) => this.remove(id, { force: true }),
    };
    return examine(parts, request);
  }

  /**
   * Stops every running box that this runtime has started, all in parallel, and closes the runtime. Boxes on
   * the same home started by other runtimes, other processes or the command line go on. Calls made meanwhile
   * and afterwards fail with `runtime-closed`; a second `shutdown` does nothing.
   * @param timeoutSeconds seconds between a box's stop signal and KILL, default 10; 0 kills at once, −1 (any
   *   negative number) waits for ever
   * @throws what stopping a box throws, after all have been tried; the runtime is closed in any case
   */
  async shutdown(timeoutSeconds = DEFAULT_STOP_TIMEOUT_SECONDS): Promise<void> {
    this.#shutdown ??= this.#stopAndClose(timeoutSeconds);
    await this.#shutdown;
  }

  /** Closes the runtime and leaves its boxes as they are; later calls fail with `runtime-closed`. */
  close(): void {
    this.#engine.context.lifetime.close();
  }

  /** Calls `close`: boxes go on. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** The context for a call. @throws runtime-closed */
  get #context(): EngineContext {
    this.#engine.context.lifetime.checkOpen();
    return this.#engine.context;
  }

  /** @internal */
  protected override async images(): Promise<Images> {
    this.#engine.context.lifetime.checkOpen();
    return await this.#engine.images();
  }

  /** @internal */
  protected override registries(): Registries {
    this.#engine.context.lifetime.checkOpen();
    return this.#engine.registries;
  }

  async #stopAndClose(timeoutSeconds: number): Promise<void> {
    const { context } = this.#engine;
    if (!context.lifetime.isOpen) return;
    try {
      const started = await context.lifetime.beginClosing();
      const { stopStarted } = await import('./shutdown.js');
      await stopStarted(context, started, timeoutSeconds);
    } finally {
      this.close();
    }
  }

  #find(idOrName: string): BoxRecord | undefined {
    return this.#context.database().boxes.find(idOrName);
  }

  /** Looks up names only: a requested name must not match the prefix of another box's id. */
  async #named(name: string | undefined): Promise<LiteBox | undefined> {
    return this.#handle(
      name === undefined ? undefined : this.#context.database().boxes.named(name),
    );
  }

  async #handle(record: BoxRecord | undefined): Promise<LiteBox | undefined> {
    if (record === undefined) return undefined;
    const context = this.#context;
    const { LiteBox } = await import('./box.js');
    return new LiteBox(context, record);
  }

  async #catchUp(context: EngineContext): Promise<void> {
    const { catchUp } = await import('./lifecycle/restart.js');
    await catchUp(context);
  }
}
