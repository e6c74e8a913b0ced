import { join } from 'node:path';
import { projectRoot } from '../../src/host/native-programs.js';
import { type ProgramRun, timeProgram } from './time-program.js';

/** What the shell would run. */
export const BOXLITE = join(projectRoot(), 'bin', 'boxlite');

const SETUP_TIMEOUT_MS = 900_000;

/** What of the caller's environment says how BoxLite is to work. */
const PASSED_ON = ['PATH', 'BOXLITE_ACCEL', 'BOXLITE_KERNEL', 'BOXLITE_NATIVE', 'BOXLITE_QEMU'];

/** The built `boxlite` on a home of its own. */
export class BoxliteHome {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal;

  constructor(directory: string, signal: AbortSignal) {
    this.path = join(directory, 'home');
    this.#signal = signal;
    const passed = PASSED_ON.map((name) => [name, process.env[name]] as const);
    this.env = {
      ...Object.fromEntries(passed.filter(([, value]) => value !== undefined)),
      HOME: directory,
      BOXLITE_HOME: this.path,
      LANG: 'C.UTF-8',
    };
  }

  /** @param options those of the verb: `--kernel FILE`, `--modules DIR` */
  async setUp(options: readonly string[]): Promise<void> {
    await this.run(['setup', ...options], SETUP_TIMEOUT_MS);
  }

  run(args: readonly string[], timeoutMs?: number): Promise<ProgramRun> {
    return timeProgram([BOXLITE, ...args], {
      env: this.env,
      signal: this.#signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }

  /** Runs a verb that prints JSON. */
  async json(args: readonly string[]): Promise<unknown> {
    return JSON.parse((await this.run(args)).stdout);
  }
}
