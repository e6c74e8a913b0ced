import { setTimeout as sleep } from 'node:timers/promises';
import type { ShimClient } from '../../agent/client.js';
import type { Stats } from '../../agent/requests.js';
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { guestBootDurationMs, type StartTimings, startTimings } from '../machine/start-timings.js';
import { answered } from '../machine/within.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { type ProcessUsage, processUsage } from './process-usage.js';
import { milliseconds } from './processes.js';

export interface MetricsOptions {
  /** Milliseconds over which CPU percentages are measured; default 100, 0 measures none. */
  intervalMs?: number;
}

/** What the guest reports about itself; untrusted. */
export interface GuestMetrics {
  /** Memory of the machine in bytes. */
  memoryTotalBytes: number;
  memoryAvailableBytes: number;
  /** Runnable processes on average over 1, 5 and 15 minutes. */
  loadAverages: [number, number, number];
  processes: number;
  threads: number;
  /** CPU time of the box's processes in this run. */
  cpuMs: number;
  uptimeMs: number;
  /** Processes of this run that the guest's kernel killed because memory ran out. */
  oomKills: number;
}

/** What the box uses of the host, as the host measures it. */
export interface HostMetrics {
  vmm: ProcessUsage;
  shim: ProcessUsage | undefined;
  /** CPU usage of the VMM over the sampled time; 100 is one host CPU. */
  cpuPercent: number | undefined;
}

export interface BoxMetrics {
  /** CPU usage of the box's processes over the sampled time; 100 is one virtual CPU. */
  cpuPercent: number | undefined;
  /** Memory of the box's processes, without inactive cache. */
  memoryBytes: number | undefined;
  /** The box's memory limit in bytes. */
  memoryLimitBytes: number;
  memoryPercent: number | undefined;
  networkBytesReceived: number | undefined;
  networkBytesSent: number | undefined;
  networkPacketsReceived: number | undefined;
  networkPacketsSent: number | undefined;
  blockBytesRead: number | undefined;
  blockBytesWritten: number | undefined;
  /** Commands started in the box beside its own, over all its runs. */
  commandsExecutedTotal: number;
  execErrorsTotal: number;
  /** From the VMM's start until the machine was ready to become the box. */
  guestBootDurationMs: number | undefined;
  /** Each stage of the last start. */
  start: StartTimings | undefined;
  /** Undefined when the box does not run. */
  guest: GuestMetrics | undefined;
  host: HostMetrics | undefined;
}

interface Sample {
  takenMs: number;
  stats: Stats;
  vmm: ProcessUsage | undefined;
}

/** Repeated metrics of one box: each sample's CPU percentages cover the time since the previous one. */
export class MetricsSampler implements AsyncDisposable {
  readonly #context: EngineContext;
  readonly #id: string;
  #client: ShimClient | undefined;
  #last: Sample | undefined;

  /** @internal */
  constructor(context: EngineContext, id: string) {
    this.#context = context;
    this.#id = id;
  }

  /** @throws box-not-found when the box has been removed */
  async sample(): Promise<BoxMetrics> {
    const record = await observed(this.#context.home, currentRecord(this.#context, this.#id));
    const live = isActive(record.status) ? await this.#look(record) : undefined;
    if (live === undefined) {
      this.#leave();
      return { ...lasting(record), ...NOTHING };
    }
    const before = this.#last;
    this.#last = live;
    const shim = record.shimPid === null ? undefined : await processUsage(record.shimPid);
    return { ...lasting(record), ...measured(live, before, record, shim) };
  }

  /** A sample over `intervalMs` from now; 0 samples at once, without CPU percentages. */
  async after(intervalMs: number): Promise<BoxMetrics> {
    const first = await this.sample();
    if (intervalMs === 0 || first.guest === undefined) return first;
    await sleep(intervalMs);
    return this.sample();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = this.#client;
    this.#leave();
    await client?.closed;
  }

  /** Undefined if the box has ended meanwhile. */
  async #look(record: BoxRecord): Promise<Sample | undefined> {
    try {
      this.#client ??= await runningClient(this.#context, record);
      const [stats, vmm] = await Promise.all([
        answered(this.#client.stats(), record),
        processUsage(this.#client.vmmPid),
      ]);
      return { takenMs: performance.now(), stats, vmm };
    } catch (error) {
      if (error instanceof BoxliteError && ENDED.has(error.code)) return undefined;
      throw error;
    }
  }

  #leave(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#last = undefined;
  }
}

const ENDED: ReadonlySet<string> = new Set(['box-not-running', 'vmm-failed', 'cancelled']);

const NOTHING = {
  cpuPercent: undefined,
  memoryBytes: undefined,
  memoryPercent: undefined,
  networkBytesReceived: undefined,
  networkBytesSent: undefined,
  networkPacketsReceived: undefined,
  networkPacketsSent: undefined,
  blockBytesRead: undefined,
  blockBytesWritten: undefined,
  guest: undefined,
  host: undefined,
} as const;

/** The values that do not depend on whether the box runs. */
function lasting(record: BoxRecord) {
  const start = startTimings(record.timings);
  return {
    memoryLimitBytes: specOf(record.options).memoryMib * 2 ** 20,
    commandsExecutedTotal: record.commandsExecuted,
    execErrorsTotal: record.execErrors,
    guestBootDurationMs: guestBootDurationMs(start),
    start,
  };
}

function measured(
  { takenMs, stats, vmm }: Sample,
  before: Sample | undefined,
  record: BoxRecord,
  shim: ProcessUsage | undefined,
): Omit<BoxMetrics, keyof ReturnType<typeof lasting>> {
  const memoryBytes = Number(stats.boxMemory);
  const elapsedMs = before && takenMs - before.takenMs;
  return {
    cpuPercent:
      before &&
      percent(
        milliseconds(stats.cpuNs) - milliseconds(before.stats.cpuNs),
        milliseconds(stats.uptimeNs) - milliseconds(before.stats.uptimeNs),
      ),
    memoryBytes,
    memoryPercent: (memoryBytes / (specOf(record.options).memoryMib * 2 ** 20)) * 100,
    networkBytesReceived: Number(stats.receivedBytes),
    networkBytesSent: Number(stats.sentBytes),
    networkPacketsReceived: Number(stats.receivedPackets),
    networkPacketsSent: Number(stats.sentPackets),
    blockBytesRead: Number(stats.readBytes),
    blockBytesWritten: Number(stats.writtenBytes),
    guest: guestMetrics(stats),
    host: vmm && {
      vmm,
      shim,
      cpuPercent:
        before?.vmm && elapsedMs !== undefined
          ? percent(vmm.cpuMs - before.vmm.cpuMs, elapsedMs)
          : undefined,
    },
  };
}

function guestMetrics(stats: Stats): GuestMetrics {
  return {
    memoryTotalBytes: Number(stats.memoryTotal),
    memoryAvailableBytes: Number(stats.memoryAvailable),
    loadAverages: [stats.load1 / 100, stats.load5 / 100, stats.load15 / 100],
    processes: stats.processes,
    threads: stats.threads,
    cpuMs: milliseconds(stats.cpuNs),
    uptimeMs: milliseconds(stats.uptimeNs),
    oomKills: stats.oomKills,
  };
}

/** A guest's clock may stop or go back; there is no percentage then. */
function percent(usedMs: number, elapsedMs: number): number | undefined {
  return elapsedMs > 0 && usedMs >= 0 ? (usedMs / elapsedMs) * 100 : undefined;
}
