import { aborted, onAbort, throwIfAborted } from '../../abort.js';
import { ShimClient } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import type { VmmMonitor } from '../../vmm/driver.js';
import { openMonitor } from './monitor.js';
import { bootError } from './records.js';
import { type ShimProcess, type ShimStart, startShim } from './shim-process.js';
import { within } from './within.js';

/** Ends a machine's start. */
export interface Cancellation {
  signal?: AbortSignal | undefined;
  /** What is cancelled, for the message: `the start of box web`. */
  what: string;
}

const UNNAMED: Cancellation = { what: 'the start of a machine' };

/**
 * A virtual machine under its shim, and the connection to its agent. Disposing ends the machine, unless it was
 * released to live on without this process, as a box's is.
 */
export class MachineRun implements AsyncDisposable {
  readonly client: ShimClient;
  readonly #directory: string;
  /** The machine in messages. */
  readonly #name: string;
  readonly #shim: ShimProcess;
  readonly #onAbort: Disposable;
  #cancelled: BoxliteError | undefined;
  #released = false;

  /**
   * @param cancellation kills the machine until `ignoreSignal`
   * @throws boot-failed and vmm-failed with the stage that failed, and cancelled; nothing runs then
   */
  static async start(start: ShimStart, cancellation = UNNAMED): Promise<MachineRun> {
    const { directory, name = start.box } = start;
    throwIfAborted(cancellation.signal, cancellation.what);
    const shim = await startShim(start);
    try {
      const client = await ShimClient.connect(directory, { name });
      if (client === null) throw new BoxliteError('boot-failed', `the shim of box ${name} is gone`);
      return new MachineRun(client, shim, { directory, name, cancellation });
    } catch (error) {
      // Read first: a shim that loses its starter records that as the reason.
      const cause = (await bootError(directory, name)) ?? error;
      await shim.end();
      throw cause;
    }
  }

  private constructor(
    client: ShimClient,
    shim: ShimProcess,
    {
      directory,
      name,
      cancellation: { signal, what },
    }: { directory: string; name: string; cancellation: Cancellation },
  ) {
    this.client = client;
    this.#shim = shim;
    this.#directory = directory;
    this.#name = name;
    this.#onAbort = onAbort(signal, () => {
      if (signal) this.#cancelled = aborted(signal, what);
      client.killVmm();
    });
  }

  /** Works with the VMM's monitor, and closes it. */
  async monitored(work: (monitor: VmmMonitor) => Promise<void>): Promise<void> {
    const monitor = await openMonitor(this.#directory);
    try {
      await work(monitor);
    } finally {
      monitor.close();
    }
  }

  /** Waits for a stage of the machine's start. @throws timeout, naming the stage */
  within<T>(promise: Promise<T>, ms: number, stage: string): Promise<T> {
    return within(promise, ms, this.#name, stage);
  }

  /** From now on the signal of its start no longer ends the machine. */
  ignoreSignal(): void {
    this.#onAbort[Symbol.dispose]();
  }

  /** Leaves the machine to its shim: from now on it outlives this process. */
  release(): void {
    this.#released = true;
    this.ignoreSignal();
    this.#shim.release();
  }

  /** Ends the machine at once, and resolves when it has ended. */
  async end(): Promise<void> {
    this.client.killVmm();
    // First, so that the shim does not take a VMM that has ended by itself for one that its starter left alone.
    await this.client.closed;
    this.release();
  }

  /** Has the guest write its disks back; a machine that does not end within the deadline is killed. */
  async powerOff(deadlineMs: number): Promise<void> {
    this.client.shutdown();
    await this.within(this.client.closed, deadlineMs, 'disks').catch(() => undefined);
    await this.end();
  }

  /**
   * Ends the machine after `error` and finds the cause: the shim records why a machine failed once that has ended.
   * @returns what to throw
   */
  async failure(error: unknown): Promise<unknown> {
    await this.end();
    return this.#cancelled ?? (await bootError(this.#directory, this.#name)) ?? error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#released) await this.end();
  }
}
