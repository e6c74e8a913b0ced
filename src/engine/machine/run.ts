import { aborted, onAbort, throwIfAborted } from '../../abort.js';
import { ShimClient } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import type { VmmMonitor } from '../../vmm/driver.js';
import { openMonitor } from './monitor.js';
import { bootError } from './records.js';
import { type ShimProcess, type ShimStart, startShim } from './shim-process.js';
import { within } from './within.js';

/** How to cancel a machine's start. */
export interface Cancellation {
  signal?: AbortSignal | undefined;
  /** What is cancelled, for the message: `the start of box web`. */
  what: string;
}

const UNNAMED: Cancellation = { what: 'the start of a machine' };

/**
 * A virtual machine under its shim, and the connection to its agent. Disposing ends the machine, unless it
 * was released to outlive this process, as a box's is.
 */
export class MachineRun implements AsyncDisposable {
  readonly client: ShimClient;
  readonly #directory: string;
  /** The machine's name in messages. */
  readonly #name: string;
  readonly #shim: ShimProcess;
  readonly #onAbort: Disposable;
  #cancelled: BoxliteError | undefined;
  #released = false;

  /**
   * @param cancellation its signal kills the machine until `ignoreSignal` is called
   * @throws boot-failed and vmm-failed with the stage that failed, and cancelled; no machine runs then
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
      // Read this before ending the shim: a shim that loses its starter records that as the reason.
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

  /** Opens the VMM's monitor for `work`, and closes it afterwards. */
  async monitored(work: (monitor: VmmMonitor) => Promise<void>): Promise<void> {
    const monitor = await openMonitor(this.#directory, this.#name);
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

  /**
   * From now on the start's signal no longer ends the machine.
   * @throws cancelled when it has ended the machine: messages that it sent before may still have arrived
   */
  ignoreSignal(): void {
    this.#onAbort[Symbol.dispose]();
    if (this.#cancelled !== undefined) throw this.#cancelled;
  }

  /** Leaves the machine to its shim: from now on it outlives this process. */
  release(): void {
    this.#released = true;
    this.#onAbort[Symbol.dispose]();
    this.#shim.release();
  }

  /** Ends the machine at once, and resolves when it has ended. */
  async end(): Promise<void> {
    this.client.killVmm();
    // Wait first: otherwise the shim would record that its starter left, not that the VMM ended.
    await this.client.closed;
    this.release();
  }

  /** Makes the guest write its disks back and power off; kills a machine that misses the deadline. */
  async powerOff(deadlineMs: number): Promise<void> {
    this.client.shutdown();
    await this.within(this.client.closed, deadlineMs, 'disks').catch(() => undefined);
    await this.end();
  }

  /**
   * Ends the machine after `error` and finds the cause, which the shim records once the machine has ended.
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
