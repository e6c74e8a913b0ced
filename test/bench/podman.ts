import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProgramRun, timeProgram } from './time-program.js';

const IMAGE = 'localhost/bench-busybox';
const IDLE = 'bench-idle';

/**
 * What both sides do without: podman's own network would need set-up that a box does not have. The
 * limits are what an unprivileged or nested host can grant; podman's defaults are far above.
 */
const RUN_FLAGS = [
  '--network=none',
  ...['--ulimit', 'nofile=1024:1024'],
  ...['--ulimit', 'nproc=1024:1024'],
];

/** podman with runc, on a storage of its own that holds one image and one idle container. */
export class Podman implements AsyncDisposable {
  private constructor(
    private readonly directory: string,
    private readonly storage: readonly string[],
    private readonly signal: AbortSignal,
    /** Of podman and runc. */
    readonly versions: string,
  ) {}

  /**
   * @param rootfs tar of the image to run
   * @param flags of the idle container
   * @throws Error when podman or runc is missing or can't run a container here
   */
  static async open(
    directory: string,
    rootfs: Buffer,
    signal: AbortSignal,
    flags: readonly string[] = [],
  ): Promise<Podman> {
    const storage = ['root', 'runroot', 'tmpdir'].flatMap((name) => [
      `--${name}`,
      join(directory, name),
    ]);
    const versions = await Promise.all(
      ['podman', 'runc'].map(async (program) => {
        const { stdout } = await timeProgram([program, '--version'], { env: process.env, signal });
        return stdout.trim().split('\n')[0] ?? '';
      }),
    );
    const podman = new Podman(directory, storage, signal, versions.join(', '));
    try {
      await mkdir(directory);
      const tar = join(directory, 'rootfs.tar');
      await writeFile(tar, rootfs);
      await podman.call(['import', tar, IMAGE]);
      const idle = ['run', '-d', '--name', IDLE, ...RUN_FLAGS, ...flags];
      await podman.call([...idle, IMAGE, 'sleep', '1000000']);
      return podman;
    } catch (error) {
      await podman[Symbol.asyncDispose]();
      throw error;
    }
  }

  run(command: readonly string[]): Promise<ProgramRun> {
    return this.call(['run', '--rm', ...RUN_FLAGS, IMAGE, ...command]);
  }

  exec(command: readonly string[]): Promise<ProgramRun> {
    return this.call(['exec', IDLE, ...command]);
  }

  /** @param from either may be `CONTAINER:PATH`; the idle container has the name of the idle box */
  copy(from: string, to: string): Promise<ProgramRun> {
    return this.call(['cp', from, to]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Also after an interrupt, whose signal would end the clean-up at once.
    const { signal } = new AbortController();
    await this.call(['rm', '--all', '--force', '--time', '0'], signal);
    // As root, podman mounts this directory over itself, and leaves it so.
    const overlay = join(this.directory, 'root', 'overlay');
    await timeProgram(['umount', overlay], { env: process.env, signal }).catch(() => undefined);
  }

  private call(args: readonly string[], signal = this.signal): Promise<ProgramRun> {
    return timeProgram(['podman', ...this.storage, '--runtime', 'runc', ...args], {
      env: process.env,
      signal,
    });
  }
}
