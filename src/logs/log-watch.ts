import { type FSWatcher, watch } from 'node:fs';
import { Deferred } from '../deferred.js';
import { errnoOf, fileError } from '../errors.js';
import { logFileNumber } from '../host/home.js';

export interface Turn {
  /** The log was complete before this turn began, so this turn reads the rest. */
  last: boolean;
  /** Resolves when there may be more to read. Rejects when the host can't watch any longer. */
  changed: Promise<void>;
}

/** Wakes the reader of a log that is still being written, by kernel events, never by polling. */
export class LogWatch {
  #watcher: FSWatcher;
  #turn = new Deferred<undefined>();
  #complete = false;

  /**
   * @param directory of the log, which may still be empty
   * @param complete settles when nothing more will be written
   * @param matters whether a file of the directory is one of the log's
   * @throws `permission` or `no-space` when the host refuses to watch
   */
  constructor(
    directory: string,
    complete: Promise<unknown>,
    matters = (name: string): boolean => logFileNumber(name) !== undefined,
  ) {
    this.#watcher = this.#watch(directory, matters);
    const end = (): void => {
      this.#complete = true;
      this.#turn.resolve(undefined);
    };
    complete.then(end, end);
  }

  /** Call it before reading, so a write during the read ends the wait at once. */
  turn(): Turn {
    this.#turn = new Deferred();
    return { last: this.#complete, changed: this.#turn.promise };
  }

  /** From now on watches only this file, not the disk next to it. */
  narrow(path: string): void {
    const before = this.#watcher;
    try {
      this.#watcher = this.#watch(path);
    } catch (error) {
      // The file has just been removed, so there are later ones to read.
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
