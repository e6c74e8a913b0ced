import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, type TestContext } from 'vitest';
import { BOXLITE, type CliOptions, type CliResult, run, type RunningCli, start } from './cli.js';
import { type FoundProcess, killProcess, processesOf } from './processes.js';

const execute = promisify(execFile);

/** Files that are only ever replaced, so homes can share them by hard links. */
const SHARED = ['assets', 'images', 'templates', 'blanks'];
/** Files that are small or modified in place. */
const COPIED = ['boxlite.db', 'boxlite.db-wal', 'accelerators.json'];

/** The process that records a box's end is not our child, so we can only poll for it. */
const TIDY_MS = 10_000;
const LOOK_AGAIN_MS = 50;

/** The home that global set-up has prepared; the tests' homes are copies of it. */
export function sharedHome(): string {
  const home = process.env.BOXLITE_E2E_HOME;
  if (home === undefined) throw new Error('e2e tests need the e2e project: --project e2e');
  return home;
}

/** A home for one test file, which starts with the built-in image and a template. */
export class TestHome {
  #path: string | undefined;

  get path(): string {
    if (this.#path === undefined) throw new Error('the home is made in beforeAll');
    return this.#path;
  }

  /** Runs the built CLI in this home until it ends. */
  boxlite(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return run(BOXLITE, args, this.#options(options));
  }

  /** Starts the CLI with stdin open. */
  start(args: readonly string[], options: CliOptions = {}): RunningCli {
    return start(BOXLITE, args, this.#options(options));
  }

  /** Runs the CLI and returns stdout as text without the last newline; any status but 0 fails. */
  async ok(args: readonly string[], options: CliOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.boxlite(args, options);
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
    return stdout.toString().replace(/\n$/, '');
  }

  /** For `afterEach`: removes the boxes of a failed test, so that the next ones don't fail too. */
  readonly forgetFailure = async ({ task }: TestContext): Promise<void> => {
    if (task.result?.state !== 'fail') return;
    const boxes = (await this.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
    if (boxes.length > 0) await this.ok(['rm', '-f', ...boxes]);
  };

  processes(): Promise<FoundProcess[]> {
    return processesOf(this.path);
  }

  /** @param name the directory's name, for tests of unusual paths */
  async create(name = 'home'): Promise<void> {
    const shared = sharedHome();
    const parent = await mkdtemp(join(shared, '..', 'test-'));
    // An unprivileged VMM must be able to traverse the directory.
    await chmod(parent, 0o755);
    this.#path = join(parent, name);
    await mkdir(this.#path, { recursive: true });
    for (const entry of SHARED)
      if (existsSync(join(shared, entry)))
        await execute('cp', ['-al', join(shared, entry), join(this.#path, entry)]);
    for (const entry of COPIED)
      if (existsSync(join(shared, entry)))
        await cp(join(shared, entry), join(this.#path, entry), { preserveTimestamps: true });
  }

  /** Kills the remaining processes, removes the home, and returns those processes. */
  async remove(): Promise<FoundProcess[]> {
    if (this.#path === undefined) return [];
    const left = await this.#settled();
    for (const { pid } of left) killProcess(pid);
    await rm(join(this.#path, '..'), { recursive: true, force: true, maxRetries: 3 });
    return left;
  }

  /** Its processes, after those that clean up after a box have had time to end. */
  async #settled(): Promise<FoundProcess[]> {
    const deadline = Date.now() + TIDY_MS;
    for (;;) {
      const left = await this.processes();
      const tidying = left.some(({ command }) => / (__on-exit|system start)\b/.test(command));
      if (!tidying || Date.now() > deadline) return left;
      await delay(LOOK_AGAIN_MS);
    }
  }

  #options(options: CliOptions): CliOptions {
    const own = { HOME: join(this.path, 'user'), BOXLITE_HOME: this.path, LANG: 'C.UTF-8' };
    return { ...options, env: { ...own, ...options.env } };
  }
}

/**
 * A new home for the tests of the calling file. It is removed after them; a process still running in it fails
 * them.
 */
export function useHome(name?: string): TestHome {
  const home = new TestHome();
  beforeAll(() => home.create(name));
  afterAll(async () => {
    expect(await home.remove(), 'left running').toEqual([]);
  });
  return home;
}
