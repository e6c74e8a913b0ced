import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { Database } from '../../store/database.js';

/**
 * A runtime's lifetime, from its creation to `close` or `shutdown`. Opens the database on first use, and
 * tracks the boxes that this runtime has started.
 */
export class Lifetime {
  readonly #home: Home;
  readonly #started = new Set<string>();
  readonly #starting = new Set<Promise<unknown>>();
  #database: Database | undefined;
  #phase: 'open' | 'closing' | 'closed' = 'open';

  constructor(home: Home) {
    this.#home = home;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** @throws runtime-closed */
  checkOpen(): void {
    if (this.#phase !== 'open') throw runtimeClosed(this.#home);
  }

  /** Still available during a shutdown. @throws runtime-closed */
  database(): Database {
    if (this.#phase === 'closed') throw runtimeClosed(this.#home);
    return (this.#database ??= Database.open(this.#home));
  }

  /**
   * Starts a box and tracks it, so `shutdown` stops it, even during its start.
   * @param start returns undefined for a box that runs already: another runtime started it
   * @throws runtime-closed
   */
  async starting<T>(id: string, start: () => Promise<T | undefined>): Promise<T | undefined> {
    this.checkOpen();
    const starting = start();
    this.#starting.add(starting);
    try {
      const started = await starting;
      if (started !== undefined) this.#started.add(id);
      return started;
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** `shutdown` need not stop a box that was stopped or removed. */
  stopped(id: string): void {
    this.#started.delete(id);
  }

  /** Refuses new calls, waits for starts in progress, and returns the boxes to stop. */
  async beginClosing(): Promise<string[]> {
    if (this.#phase === 'open') this.#phase = 'closing';
    await Promise.allSettled(this.#starting);
    return [...this.#started];
  }

  close(): void {
    this.#phase = 'closed';
    this.#database?.close();
    this.#database = undefined;
  }
}

function runtimeClosed(home: Home): BoxliteError {
  return new BoxliteError('runtime-closed', `the runtime on ${home.root} was closed`, {
    hint: 'make a new BoxliteRuntime; what it keeps is as it was left',
  });
}
