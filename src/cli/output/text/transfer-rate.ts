/** Long enough for a steady, readable number; short enough to follow changes in the connection. */
const WINDOW_MS = 5_000;
const EARLIEST_MS = 500;
/** Least time between two stored samples: a fast connection reports a thousand times a second. */
const STEP_MS = 100;

/** Measures the rate at which something arrives, over the last five seconds. */
export class TransferRate {
  /** Oldest first; the first may be older than the window, so that the samples span it. */
  #samples: { atMs: number; bytes: number }[] = [];
  #bytes = 0;

  /** @param bytes total so far */
  add(bytes: number, now: Date): void {
    const atMs = now.getTime();
    this.#bytes = bytes;
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs - last.atMs < STEP_MS) return;
    this.#samples.push({ atMs, bytes });
    while ((this.#samples[1]?.atMs ?? atMs) < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Undefined until enough has been measured. */
  bytesPerSecond(now: Date): number | undefined {
    const [first] = this.#samples;
    if (first === undefined) return undefined;
    const ms = now.getTime() - first.atMs;
    return ms < EARLIEST_MS ? undefined : ((this.#bytes - first.bytes) * 1000) / ms;
  }
}
