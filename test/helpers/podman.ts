import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliOptions, type CliResult, run } from './cli.js';

/** Limits that a nested or unprivileged host can grant; podman's own defaults are far higher. */
const RUN_FLAGS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** Podman with its own storage and runc. */
export class Podman implements AsyncDisposable {
  private constructor(private readonly directory: string) {}

  /** @param archive image to load (docker-archive) */
  static async open(archive: string): Promise<Podman> {
    const podman = new Podman(await mkdtemp(join(tmpdir(), 'boxlite-podman-')));
    await mkdir(join(podman.directory, 'home'));
    const { status, stderr } = await podman.call(['load', '-i', archive]);
    if (status !== 0) throw new Error(`podman load ended with ${status}: ${stderr}`);
    return podman;
  }

  /** Adds the flags that `run` and `create` need here. */
  call([verb = '', ...args]: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    const storage = ['root', 'runroot', 'tmpdir'].flatMap((name) => [
      `--${name}`,
      join(this.directory, name),
    ]);
    const flags = verb === 'run' || verb === 'create' ? RUN_FLAGS : [];
    const env = { HOME: join(this.directory, 'home'), LANG: 'C.UTF-8', ...options.env };
    return run('podman', [...storage, '--runtime', 'runc', verb, ...flags, ...args], {
      ...options,
      env,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.call(['rm', '--all', '--force', '--time', '0']);
    await rm(this.directory, { recursive: true, force: true });
  }
}
