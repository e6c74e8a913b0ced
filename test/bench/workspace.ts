import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killProcess, processesOf } from '../helpers/processes.js';

/** Each pass sees what the last one's victims had still begun, such as the hook of a box's end. */
const PASSES = 100;

/** A temporary directory that takes all that has to do with it along when it goes. */
export class Workspace implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async open(): Promise<Workspace> {
    const path = await mkdtemp(join(tmpdir(), 'boxlite-bench-'));
    // An unprivileged VMM must be able to pass through.
    await chmod(path, 0o755);
    return new Workspace(path);
  }

  /** @throws Error naming the processes that would not end */
  async [Symbol.asyncDispose](): Promise<void> {
    let left = await processesOf(this.path);
    for (let pass = 0; left.length > 0 && pass < PASSES; pass++) {
      for (const { pid } of left) killProcess(pid);
      left = await processesOf(this.path);
    }
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
    if (left.length > 0)
      throw new Error(
        `left running: ${left.map(({ pid, command }) => `${pid} ${command}`).join()}`,
      );
  }
}
