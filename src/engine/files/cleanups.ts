/** What is to be undone, the last first. One that fails keeps no other from being undone. */
export class Cleanups implements AsyncDisposable {
  readonly #undo: (() => Promise<void>)[] = [];

  add(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  /** Disposes of it at the end. */
  use<T extends AsyncDisposable>(held: T): T {
    this.add(async () => held[Symbol.asyncDispose]());
    return held;
  }

  /** @throws the first failure */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undo.splice(0).toReversed())
      await undo().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
