import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { Database } from '../../store/database.js';

/**
 * How long a runtime may be used: from its making to `close` or `shutdown`. Opens the database when it
 * is first needed, and keeps account of the boxes that this runtime has started.
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

  /** Still there while a shutdown is under way. @throws runtime-closed */
  database(): Database {
    if (this.#phase === 'closed') throw runtimeClosed(this.#home);
    return (this.#database ??= Database.open(this.#home));
  }

  /**
   * Starts a box on this runtime's account, so that `shutdown` stops it, be it under way just then.
   * @param start gives undefined for a box that runs already: another runtime started it
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

  /** `shutdown` need not stop a box that was stopped or is gone. */
  stopped(id: string): void {
    this.#started.delete(id);
  }

  /** Lets nothing new begin, waits for what is being started, and gives the boxes to be stopped. */
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
