/** Milliseconds that each stage of a start took, in order, plus the guest's own measurements. */
export class StageClock {
  readonly #stages: Record<string, unknown> = {};
  readonly #begin = performance.now();
  #last = this.#begin;

  /** Ends the stage that began with the last lap. */
  lap(stage: string): void {
    const now = performance.now();
    this.#stages[`${stage}Ms`] = rounded(now - this.#last);
    this.#last = now;
  }

  note(name: string, values: Record<string, number>): void {
    this.#stages[name] = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, rounded(value)]),
    );
  }

  stages(): Record<string, unknown> {
    return { ...this.#stages, totalMs: rounded(this.#last - this.#begin) };
  }
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10;
