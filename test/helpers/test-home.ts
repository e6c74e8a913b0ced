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

/** Files that are only ever replaced, so that homes can share them by hard links. */
const SHARED = ['assets', 'images', 'templates', 'blanks'];
/** Files that are written in place, or small. */
const COPIED = ['boxlite.db', 'boxlite.db-wal', 'accelerators.json'];

/** A box's end is folded in by a process that no test is the parent of, so it can only be looked for. */
const TIDY_MS = 10_000;
const LOOK_AGAIN_MS = 50;

/** The home that global set-up has made ready; the tests' own homes are taken from it. */
export function sharedHome(): string {
  const home = process.env.BOXLITE_E2E_HOME;
  if (home === undefined) throw new Error('e2e tests need the e2e project: --project e2e');
  return home;
}

/** A home of one test file's own, which starts with the built-in image and a template. */
export class TestHome {
  #path: string | undefined;

  get path(): string {
    if (this.#path === undefined) throw new Error('the home is made in beforeAll');
    return this.#path;
  }

  /** Runs the built CLI in this home, to its end. */
  boxlite(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return run(BOXLITE, args, this.#options(options));
  }

  /** Starts it with stdin open. */
  start(args: readonly string[], options: CliOptions = {}): RunningCli {
    return start(BOXLITE, args, this.#options(options));
  }

  /** Runs it and gives stdout as text without the last newline; anything but status 0 fails. */
  async ok(args: readonly string[], options: CliOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.boxlite(args, options);
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
    return stdout.toString().replace(/\n$/, '');
  }

  /** For `afterEach`: the boxes of a test that fails are not there to fail the next ones. */
  readonly forgetFailure = async ({ task }: TestContext): Promise<void> => {
    if (task.result?.state !== 'fail') return;
    const boxes = (await this.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
    if (boxes.length > 0) await this.ok(['rm', '-f', ...boxes]);
  };

  processes(): Promise<FoundProcess[]> {
    return processesOf(this.path);
  }

  /** @param name the directory's, for tests of odd paths */
  async create(name = 'home'): Promise<void> {
    const shared = sharedHome();
    const parent = await mkdtemp(join(shared, '..', 'test-'));
    // An unprivileged VMM must be able to pass through.
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

  /** Ends what still runs and removes the home; gives what had been left running. */
  async remove(): Promise<FoundProcess[]> {
    if (this.#path === undefined) return [];
    const left = await this.#settled();
    for (const { pid } of left) killProcess(pid);
    await rm(join(this.#path, '..'), { recursive: true, force: true, maxRetries: 3 });
    return left;
  }

  /** Its processes, once those that only tidy up after a box have had their time. */
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
 * A fresh home for the tests of the calling file. When they are done it is removed, and a process
 * that was left running in it fails them.
 */
export function useHome(name?: string): TestHome {
  const home = new TestHome();
  beforeAll(() => home.create(name));
  afterAll(async () => {
    expect(await home.remove(), 'left running').toEqual([]);
  });
  return home;
}
