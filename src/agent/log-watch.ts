import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileError } from '../errors.js';
import { Deferred } from './deferred.js';

export interface Turn {
  /** The log was complete before this turn began: what is read in it is the rest. */
  last: boolean;
  /** Resolves when there may be more to read. Rejects when the host can't watch any longer. */
  changed: Promise<void>;
}

/** Wakes the reader of a log that is still being written, by the kernel's events and never by time. */
export class LogWatch {
  readonly #path: string;
  #watcher: FSWatcher;
  #turn = new Deferred<undefined>();
  #complete = false;

  /**
   * @param complete settles when nothing more will be written
   * @throws `permission` or `no-space` when the host refuses to watch
   */
  constructor(path: string, complete: Promise<unknown>) {
    this.#path = path;
    // The file may not be there yet.
    this.#watcher = this.#watch(dirname(path), basename(path));
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

  /** The file is there: only its own changes matter now, not those of the disk beside it. */
  narrow(): void {
    const watcher = this.#watch(this.#path);
    this.#watcher.close();
    this.#watcher = watcher;
  }

  close(): void {
    this.#watcher.close();
  }

  #watch(path: string, only?: string): FSWatcher {
    try {
      const watcher = watch(path, (_event, name) => {
        if (only === undefined || name === null || name === only) this.#turn.resolve(undefined);
      });
      watcher.on('error', (error) => this.#turn.reject(fileError(error, `watch ${path}`)));
      return watcher;
    } catch (error) {
      throw fileError(error, `watch ${path}`);
    }
  }
}
