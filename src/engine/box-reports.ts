import type { BoxRecord } from '../store/box-record.js';
import type { EndpointRecord } from '../store/endpoints.js';
import { isActive } from '../store/status.js';
import type { BoxChange } from './files/changes.js';
import { startedRecord } from './machine/records.js';
import { inspectedNetworks } from './networks/memberships.js';
import type { BoxSize } from './report/box-size.js';
import { type BoxInspection, inspectBox } from './report/inspect.js';
import { vmmIsolation } from './report/isolation.js';
import { boxLogs, type LogEntry, type LogOptions, logPath } from './report/logs.js';
import { type BoxMetrics, type MetricsOptions, MetricsSampler } from './report/metrics.js';
import { type BoxProcess, boxProcesses } from './report/processes.js';
import { type BoxInfo, boxInfo } from './state/box-info.js';
import { type BoxState, boxState } from './state/box-state.js';
import { currentRecord, type EngineContext } from './state/context.js';
import { type BoxHealth, boxHealth } from './state/health.js';
import { observed, type ObservedBox } from './state/observe.js';
import { mountpoint } from './volumes/info.js';

/** The queries about a box; none of them changes it. Programs use `LiteBox`, which extends this class. */
export abstract class BoxReports {
  /** ULID, lower case. */
  readonly id: string;
  /** The name at the time this handle was made; `rename` does not change it. */
  readonly name: string | undefined;
  /** @internal */
  protected readonly context: EngineContext;

  /** @internal */
  constructor(context: EngineContext, record: Pick<BoxRecord, 'id' | 'name'>) {
    this.context = context;
    this.id = record.id;
    this.name = record.name ?? undefined;
  }

  /** What is known about the box; does not start it. @throws box-not-found */
  async info(): Promise<BoxInfo> {
    return boxInfo(await this.observed(), this.endpoints());
  }

  /**
   * All that is known about the box, under Docker's keys.
   * @param options.size default false; true adds the disk usage in bytes, as `SizeRw` and `SizeRootFs`
   * @throws box-not-found
   */
  async inspect(options: { size?: boolean } = {}): Promise<BoxInspection> {
    const record = await this.observed();
    const { home } = this.context;
    const isolation =
      isActive(record.status) && record.pid
        ? await vmmIsolation(record.pid, await startedRecord(home.box(this.id)))
        : undefined;
    const [health, output] = await Promise.all([boxHealth(home, record), logPath(home, record)]);
    const size = options.size === true ? await this.size() : undefined;
    const networks = inspectedNetworks(this.context.database(), this.id);
    const mountpointOf = (volume: string): string => mountpoint(this.context, volume);
    return inspectBox(home, record, {
      ...{ health, isolation, logPath: output, networks, size, mountpointOf },
    });
  }

  /** The disk usage of the box, in bytes. @throws box-not-found */
  async size(): Promise<BoxSize> {
    const { boxSize } = await import('./report/box-size.js');
    return boxSize(this.context.home, this.record());
  }

  /** The state of the box's healthcheck and its last five checks. @throws box-not-found */
  async health(): Promise<BoxHealth> {
    return boxHealth(this.context.home, await this.observed());
  }

  /**
   * What the box uses now, and how long its last start took. This call waits `intervalMs` (default 100) to
   * measure `cpuPercent`; with 0 it returns at once and `cpuPercent` is undefined. Values that only a running
   * box can report are undefined for a stopped one.
   * @throws box-not-found
   */
  async metrics({ intervalMs = 100 }: MetricsOptions = {}): Promise<BoxMetrics> {
    await using sampler = new MetricsSampler(this.context, this.id);
    return await sampler.after(intervalMs);
  }

  /** A sampler of `metrics`; each sample covers the time since the one before. Dispose of it after use. */
  sampleMetrics(): MetricsSampler {
    return new MetricsSampler(this.context, this.id);
  }

  /**
   * The processes in the box, as its agent reports them.
   * @throws box-not-running; box-state when it is paused; timeout; box-not-found
   */
  async processes(): Promise<BoxProcess[]> {
    return boxProcesses(this.context, await this.observed());
  }

  /** @throws box-not-found */
  async state(): Promise<BoxState> {
    return boxState(await this.observed());
  }

  /** The logged output of the box's command. @throws box-not-found, unsupported for the log driver `none` */
  logs(options: LogOptions = {}): AsyncGenerator<LogEntry, void, undefined> {
    return boxLogs(this.context, this.id, options);
  }

  /**
   * What the box has changed in its image's file system, sorted by path. A helper machine reads the disk of a
   * box that does not run; nothing of the box runs in it.
   * @throws box-not-found, and what `start` throws
   */
  async changes(): Promise<BoxChange[]> {
    const { boxChanges } = await import('./files/changes.js');
    return boxChanges(this.context, this.id);
  }

  /** Path of the file with the VM's console output. */
  consolePath(): string {
    return this.context.home.boxFile(this.id, 'console');
  }

  /** @internal */
  protected record(): BoxRecord {
    return currentRecord(this.context, this.id);
  }

  /** @internal The box's networks. */
  protected endpoints(): EndpointRecord[] {
    return this.context.database().endpoints.ofBox(this.id);
  }

  /** @internal */
  protected async observed(): Promise<ObservedBox> {
    const { home, database } = this.context;
    return observed(home, this.record(), database());
  }
}
