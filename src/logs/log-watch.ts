import { type FSWatcher, watch } from 'node:fs';
import { Deferred } from '../deferred.js';
import { errnoOf, fileError } from '../errors.js';
import { logFileNumber } from '../host/home.js';

export interface Turn {
  /** The log was complete before this turn began: what is read in it is the rest. */
  last: boolean;
  /** Resolves when there may be more to read. Rejects when the host can't watch any longer. */
  changed: Promise<void>;
}

/** Wakes the reader of a log that is still being written, by the kernel's events and never by time. */
export class LogWatch {
  #watcher: FSWatcher;
  #turn = new Deferred<undefined>();
  #complete = false;

  /**
   * @param directory of the log, which may hold nothing of it yet
   * @param complete settles when nothing more will be written
   * @throws `permission` or `no-space` when the host refuses to watch
   */
  constructor(directory: string, complete: Promise<unknown>) {
    this.#watcher = this.#watch(directory, (name) => logFileNumber(name) !== undefined);
    const end = (): void => {
      this.#complete = true;
      this.#turn.resolve(undefined);
    };
    complete.then(end, end);
  }

  /** To be called before reading, so that what is written meanwhile ends the wait at once. */
  turn(): Turn {
    this.#turn = new Deferred();
    return { last: this.#complete, changed: this.#turn.promise };
  }

  /** From now on only this file's changes matter, not those of the disk beside it. */
  narrow(path: string): void {
    const before = this.#watcher;
    try {
      this.#watcher = this.#watch(path);
    } catch (error) {
      // It has just been removed, so there are others to go on with.
      if (errnoOf(error instanceof Error ? error.cause : error) !== 'ENOENT') throw error;
      return;
    }
    before.close();
  }

  close(): void {
    this.#watcher.close();
  }

  #watch(path: string, matters: (name: string) => boolean = () => true): FSWatcher {
    try {
      const watcher = watch(path, (_event, name) => {
        if (name === null || matters(name)) this.#turn.resolve(undefined);
      });
      watcher.on('error', (error) => this.#turn.reject(fileError(error, `watch ${path}`)));
      return watcher;
    } catch (error) {
      throw fileError(error, `watch ${path}`);
    }
  }
}
