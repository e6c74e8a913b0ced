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

/** An open log file. */
export interface LogFile extends AsyncDisposable {
  number: number;
  path: string;
  handle: FileHandle;
}

/**
 * The files of a box's output log, oldest first: `output.log`, `output.1.log`, `output.2.log`, … The shim
 * writes to the last one and removes the oldest. It never renames a file or reuses a number, so a reader
 * never loses its position (native/shim/log/log-files.h).
 */
export class LogFiles {
  constructor(private readonly directory: string) {}

  /** The present end of the log. */
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

  /** The file with this number or, if it was removed, the next one; undefined if there is none. */
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

  /** Whether a later file exists, so nothing more is written to the one with this number. */
  async isFollowed(number: number): Promise<boolean> {
    return (await this.#numbers()).some((each) => each > number);
  }

  /** Path of the file that is being written, or will be. */
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

/** The shim may have removed it in between. */
function ignoreMissing(error: unknown, path: string): void {
  if (errnoOf(error) !== 'ENOENT') throw fileError(error, `read ${path}`);
}
