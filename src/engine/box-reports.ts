import type { BoxRecord } from '../store/box-record.js';
import { isActive } from '../store/status.js';
import type { BoxChange } from './files/changes.js';
import type { BoxSize } from './report/box-size.js';
import { type BoxInspection, inspectBox } from './report/inspect.js';
import { wallsOf } from './report/isolation.js';
import { boxLogs, type LogEntry, type LogOptions, logPath } from './report/logs.js';
import { type BoxMetrics, type MetricsOptions, MetricsSampler } from './report/metrics.js';
import { type BoxProcess, boxProcesses } from './report/processes.js';
import { type BoxInfo, boxInfo } from './state/box-info.js';
import { type BoxState, boxState } from './state/box-state.js';
import { currentRecord, type EngineContext } from './state/context.js';
import { type BoxHealth, boxHealth } from './state/health.js';
import { observed, type ObservedBox } from './state/observe.js';

/** What can be asked of a box; nothing here changes it. Programs use `LiteBox`, which is one. */
export abstract class BoxReports {
  /** ULID, lower case. */
  readonly id: string;
  /** As it was when this handle was made; see `rename`. */
  readonly name: string | undefined;
  /** @internal */
  protected readonly context: EngineContext;

  /** @internal */
  constructor(context: EngineContext, record: Pick<BoxRecord, 'id' | 'name'>) {
    this.context = context;
    this.id = record.id;
    this.name = record.name ?? undefined;
  }

  /** What is known of the box, without starting it. @throws box-not-found */
  async info(): Promise<BoxInfo> {
    return boxInfo(await this.observed());
  }

  /**
   * All that is known, with Docker's keys.
   * @param options.size what it takes of the disk, too, as `SizeRw` and `SizeRootFs`
   * @throws box-not-found
   */
  async inspect(options: { size?: boolean } = {}): Promise<BoxInspection> {
    const record = await this.observed();
    const { home } = this.context;
    const walls = isActive(record.status) && record.pid ? await wallsOf(record.pid) : undefined;
    const [health, path] = await Promise.all([boxHealth(home, record), logPath(home, record)]);
    const size = options.size === true ? await this.size() : undefined;
    return inspectBox(home, record, health, walls, path, size);
  }

  async size(): Promise<BoxSize> {
    const { boxSize } = await import('./report/box-size.js');
    return boxSize(this.context.home, this.record());
  }

  /** The state of the box's healthcheck and its last five checks. */
  async health(): Promise<BoxHealth> {
    return boxHealth(this.context.home, await this.observed());
  }

  /**
   * What the box uses now, and what its last start took. `cpuPercent` is measured over `intervalMs`
   * (default 100) of waiting; without waiting (0) it is undefined, as is all that a box that does not run
   * can't tell.
   */
  async metrics({ intervalMs = 100 }: MetricsOptions = {}): Promise<BoxMetrics> {
    await using sampler = new MetricsSampler(this.context, this.id);
    return await sampler.after(intervalMs);
  }

  /** Samples of `metrics`, each over the time since the one before. */
  sampleMetrics(): MetricsSampler {
    return new MetricsSampler(this.context, this.id);
  }

  /** The processes in the box, as its agent sees them. @throws box-not-running */
  async processes(): Promise<BoxProcess[]> {
    return boxProcesses(this.context, await this.observed());
  }

  /** @throws box-not-found */
  async state(): Promise<BoxState> {
    return boxState(await this.observed());
  }

  /** The command's output as it was logged. */
  logs(options: LogOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    return boxLogs(this.context, this.id, options);
  }

  /** What the box has changed of its image's file system, sorted by path. */
  async changes(): Promise<BoxChange[]> {
    const { boxChanges } = await import('./files/changes.js');
    return boxChanges(this.context, this.id);
  }

  /** Path of the VM's own console. */
  consolePath(): string {
    return this.context.home.boxFile(this.id, 'console');
  }

  /** @internal */
  protected record(): BoxRecord {
    return currentRecord(this.context, this.id);
  }

  /** @internal */
  protected async observed(): Promise<ObservedBox> {
    const { home, database } = this.context;
    return observed(home, this.record(), database());
  }
}
