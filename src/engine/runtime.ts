import { BoxliteError } from '../errors.js';
import type { BoxRecord } from '../store/box-record.js';
import type { LiteBox } from './box.js';
import { ImageRuntime } from './image-runtime.js';
import type { Images } from './images/images.js';
import type { Registries } from './images/registries.js';
import type { CreateOptions } from './lifecycle/create.js';
import type { PrunedBoxes } from './lifecycle/prune.js';
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

/**
 * The engine on one home directory. What only some calls need is loaded by them: `ps` is to start fast.
 * Cheap to make: the database is opened by the first call that
 * needs it. Any number of runtimes, in any number of processes, may share a home.
 */
export class BoxliteRuntime extends ImageRuntime implements AsyncDisposable {
  static #default: BoxliteRuntime | undefined;

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

  /** The process's own runtime, made by the first call, and by the first after it was closed. */
  static defaultRuntime(): BoxliteRuntime {
    return BoxliteRuntime.tryDefaultRuntime() ?? (BoxliteRuntime.#default = new BoxliteRuntime());
  }

  /** The process's own runtime, if there is one that is open. */
  static tryDefaultRuntime(): BoxliteRuntime | undefined {
    const runtime = BoxliteRuntime.#default;
    const isOpen = runtime !== undefined && runtime.#engine.context.lifetime.isOpen;
    return isOpen ? runtime : undefined;
  }

  /**
   * Makes the process's own runtime, with other options than the default ones.
   * @throws invalid-argument when there is one already that is open
   */
  static initDefaultRuntime(options: BoxliteOptions): void {
    if (BoxliteRuntime.tryDefaultRuntime())
      throw new BoxliteError('invalid-argument', 'the default runtime is initialised already', {
        hint: 'call initDefaultRuntime before anything else asks for it, or shut it down first',
      });
    BoxliteRuntime.#default = new BoxliteRuntime(options);
  }

  /**
   * Creates a box; its VM starts with `start` or the first `exec`. Without a command and an entrypoint
   * of its own the box is idle: it runs nothing until commands come by `exec`, and runs until `stop`.
   * @param name default: a random one
   * @throws name-taken, image-not-found, invalid-argument, setup-needed, and what a pull may throw
   */
  async create(options: CreateOptions = {}, name?: string): Promise<LiteBox> {
    const context = this.#context;
    const { createBox } = await import('./lifecycle/create.js');
    const record = await createBox(context, await this.images(), options, name);
    await this.#catchUp(context);
    const { LiteBox } = await import('./box.js');
    return new LiteBox(context, record, { created: true });
  }

  /** By full id, else name, else unambiguous prefix of an id. @throws box-ambiguous */
  async get(idOrName: string): Promise<LiteBox | undefined> {
    return this.#handle(this.#find(idOrName));
  }

  async getInfo(idOrName: string): Promise<BoxInfo | undefined> {
    const record = this.#find(idOrName);
    return record && boxInfo(await observed(this.#context.home, record, this.#context.database()));
  }

  /** Newest first. */
  async listInfo(): Promise<BoxInfo[]> {
    const { home, database } = this.#context;
    const records = database().boxes.list();
    const truths = await Promise.all(records.map((record) => observed(home, record, database())));
    return truths.map(boxInfo);
  }

  async exists(idOrName: string): Promise<boolean> {
    return Promise.resolve(this.#find(idOrName) !== undefined);
  }

  /** The box of that name, and whether it was made now. */
  async getOrCreate(options: CreateOptions, name?: string): Promise<[LiteBox, boolean]> {
    if (name !== undefined)
      await (await import('./lifecycle/remove.js')).freeName(this.#context, name);
    const existing = await this.#named(name);
    if (existing) return [existing, false];
    try {
      return [await this.create(options, name), true];
    } catch (error) {
      // Another process made it between the look and the insert.
      const other = await this.#named(name);
      if (other && error instanceof BoxliteError && error.code === 'name-taken')
        return [other, false];
      throw error;
    }
  }

  /**
   * Removes a box and all that it holds.
   * @param options `true` for `{ force: true }`, which kills a running box first
   * @throws box-not-found; box-running without `force`
   */
  async remove(idOrName: string, options: boolean | RemoveOptions = {}): Promise<void> {
    const settled = typeof options === 'boolean' ? { force: options } : options;
    const context = this.#context;
    const [{ removeBox }, { emptyTrash }, { withReserve }] = await Promise.all([
      import('./lifecycle/remove.js'),
      import('./state/trash.js'),
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
    }
    await this.#catchUp(context);
  }

  /** Removes the boxes that do not run, or those of them for which `matches` says yes. */
  async pruneBoxes(matches?: (box: BoxInfo) => boolean): Promise<PrunedBoxes> {
    const context = this.#context;
    const { pruneBoxes } = await import('./lifecycle/prune.js');
    const { withReserve } = await import('../store/reserve.js');
    return withReserve(context.home, () => pruneBoxes(context, matches));
  }

  /** Makes an image of a box; returns its id. @throws box-not-found, invalid-argument, invalid-reference */
  async commit(idOrName: string, options: CommitOptions = {}): Promise<string> {
    const { commitBox } = await import('./files/commit.js');
    const record = this.#find(idOrName);
    if (!record) throw noSuchBox(idOrName);
    return commitBox(this.#context, await this.images(), record.id, options);
  }

  /**
   * @internal
   * What the shim of a box calls for when the box has ended: removes it or starts it again, as its policy says.
   */
  async handleExit(id: string): Promise<void> {
    const { handleExit } = await import('./lifecycle/restart.js');
    return handleExit(this.#context, id);
  }

  /**
   * @internal
   * Starts the boxes whose restart policy wants it since the host was restarted, or their supervisor killed.
   * @param onStarted called with the name of each
   * @returns what went wrong with others
   */
  async startDue(onStarted: (name: string) => Promise<void>): Promise<unknown[]> {
    const { startDue } = await import('./lifecycle/restart.js');
    return startDue(this.#context, onStarted);
  }

  /** What happened to boxes and images, and what happens until `until` or the signal. */
  async *events(options: EventOptions = {}): AsyncGenerator<BoxliteEvent, void, undefined> {
    const { followEvents } = await import('./state/events.js');
    yield* followEvents(this.#context, options);
  }

  /** Totals since the home was made, and what runs now. */
  async metrics(): Promise<RuntimeMetrics> {
    const { runtimeMetrics } = await import('./report/runtime-metrics.js');
    return runtimeMetrics(this.#context);
  }

  async info(): Promise<RuntimeInfo> {
    const { runtimeInfo } = await import('./report/runtime-info.js');
    return runtimeInfo(this.#context, this.#options.accelerator ?? 'auto', await this.images());
  }

  /** Makes the home ready: kernel, initramfs, built-in image, first template. */
  async setup(request: SetupRequest = {}): Promise<SetupReport> {
    const { setupHome } = await import('./setup/setup-home.js');
    return setupHome(this.#context, await this.images(), request);
  }

  /**
   * Looks for what boxes need on this machine, and starts none: fit for the start of a program. KVM is tried,
   * which may take seconds, where it is not known whether it works.
   * @returns a report, also when something is missing
   */
  async check(): Promise<PreflightReport> {
    const { preflight } = await import('./setup/doctor/doctor.js');
    return preflight(this.#context);
  }

  /** `check`, and the running of a box besides. Made for the command line, whose `doctor` shows the report. */
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
   * Stops every box that this runtime has started and that still runs, all at once, and closes it.
   * Boxes on the same home that others have started go on: other runtimes, other processes, the
   * command line. Calls that come meanwhile and afterwards fail with `runtime-closed`; a second
   * `shutdown` does nothing.
   * @param timeoutSeconds between a box's stop signal and KILL, default 10; 0 kills at once, −1 (any
   *   negative number) waits for ever
   * @throws what stopping a box throws, when all have been tried; the runtime is closed all the same
   */
  async shutdown(timeoutSeconds = DEFAULT_STOP_TIMEOUT_SECONDS): Promise<void> {
    this.#shutdown ??= this.#stopAndClose(timeoutSeconds);
    await this.#shutdown;
  }

  /** Closes the runtime and leaves its boxes as they are; later calls fail with `runtime-closed`. */
  close(): void {
    this.#engine.context.lifetime.close();
  }

  /** `close`: boxes go on. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** What a call works with. @throws runtime-closed */
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

  /** A name asked for is never the beginning of another box's id. */
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
