import { constants } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../errors.js';
import { logFileName, logFileNumber } from '../host/home.js';

export interface LogPosition {
  /** Number of the file. */
  file: number;
  offset: number;
}

/** One that is open. */
export interface LogFile extends AsyncDisposable {
  number: number;
  path: string;
  handle: FileHandle;
}

/**
 * The files of a box's output log, oldest first: `output.log`, `output.1.log`, `output.2.log`, … The shim
 * writes to the last one and removes the oldest. It renames none and uses no number twice, so a reader never
 * loses his place (native/shim/log/log-files.h).
 */
export class LogFiles {
  constructor(private readonly directory: string) {}

  /** Where the log ends now. */
  async end(): Promise<LogPosition> {
    for (;;) {
      const file = (await this.#numbers()).at(-1);
      if (file === undefined) return { file: -1, offset: 0 };
      const path = this.#pathOf(file);
      try {
        return { file, offset: (await stat(path)).size };
      } catch (error) {
        ignoreMissing(error, path);
      }
    }
  }

  /** The file of this number or, when that is gone, the next one; undefined where there is none. */
  async open(number: number): Promise<LogFile | undefined> {
    for (;;) {
      const oldest = (await this.#numbers()).find((each) => each >= number);
      if (oldest === undefined) return undefined;
      const path = this.#pathOf(oldest);
      try {
        const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
        return { number: oldest, path, handle, [Symbol.asyncDispose]: () => handle.close() };
      } catch (error) {
        ignoreMissing(error, path);
      }
    }
  }

  /** Whether there is one after that of this number, to which nothing more is written then. */
  async isFollowed(number: number): Promise<boolean> {
    return (await this.#numbers()).some((each) => each > number);
  }

  /** Of the file that is written to, or will be. */
  async lastPath(): Promise<string> {
    return this.#pathOf((await this.#numbers()).at(-1) ?? 0);
  }

  #pathOf(number: number): string {
    return join(this.directory, logFileName(number));
  }

  async #numbers(): Promise<number[]> {
    try {
      return (await readdir(this.directory))
        .map(logFileNumber)
        .filter((number) => number !== undefined)
        .sort((a, b) => a - b);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw fileError(error, `read ${this.directory}`);
    }
  }
}

/** Between two looks the shim may have removed it. */
function ignoreMissing(error: unknown, path: string): void {
  if (errnoOf(error) !== 'ENOENT') throw fileError(error, `read ${path}`);
}
