import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CliResult, run } from '../helpers/cli.js';
import { check } from './case.js';

const execute = promisify(execFile);

/** Where the cases run: this machine, or the nest on it. */
export interface SiteOptions {
  /** Directory of the program under test. */
  program: string;
  /** A home that set-up has made, without templates for KVM. */
  seed: string;
  /** For homes and files; what is left there saves the next run the templates. */
  work: string;
  /** Debian's kernel as its package has it, for `--kernel`. */
  vmlinuz: string;
  modules: string;
  /** The processor's virtualization is emulated by a QEMU with the fault of emulated-vmrun.ts. */
  ticksTwice: boolean;
}

/** Which device the command finds as /dev/kvm, and who it runs as. */
export interface As {
  uid?: number;
  groups?: number[];
  /** A node that stands in place of /dev/kvm for this command. */
  kvmNode?: string;
  limitS?: number;
}

const COMMAND_LIMIT_S = 60;

export class Site {
  constructor(readonly options: SiteOptions) {}

  home(name: string): SiteHome {
    return new SiteHome(this, join(this.options.work, 'homes', name));
  }
}

export class SiteHome {
  constructor(
    private readonly site: Site,
    readonly path: string,
  ) {}

  /** From the seed, unless an earlier run has left it with the same kernel and agent in it. */
  async makeReady(owner = 0): Promise<void> {
    const { seed, work } = this.site.options;
    const manifest = join('assets', 'assets.json');
    const stored = await readFile(join(this.path, manifest), 'utf8').catch(() => '');
    if (stored !== (await readFile(join(seed, manifest), 'utf8'))) {
      await rm(this.path, { recursive: true, force: true });
      await mkdir(this.path, { recursive: true });
      for (const entry of ['assets', 'images', 'boxlite.db', 'boxlite.db-wal'])
        if (existsSync(join(seed, entry)))
          await execute('cp', ['-a', '--sparse=always', join(seed, entry), this.path]);
    }
    // VMMs are users of their own.
    for (const directory of [work, join(work, 'homes'), this.path]) await chmod(directory, 0o755);
    await this.remove(await this.boxes());
    await this.ok(['network', 'prune', '-f']);
    await this.ok(['volume', 'prune', '-af']);
    await rm(join(this.path, 'accelerators.json'), { force: true });
    if (owner !== 0) await this.giveTo(owner);
  }

  /** Another home with the same templates, without their being copied. */
  async cloneTo(other: SiteHome, owner = 0): Promise<void> {
    // The database knows of boxes whose directories are not copied.
    await this.remove(await this.boxes());
    await rm(other.path, { recursive: true, force: true });
    await mkdir(other.path, { recursive: true });
    const how = owner === 0 ? '-al' : '-a';
    for (const entry of ['assets', 'images', 'templates', 'blanks'])
      if (existsSync(join(this.path, entry)))
        await execute('cp', [how, '--sparse=always', join(this.path, entry), other.path]);
    for (const entry of ['boxlite.db', 'boxlite.db-wal', 'accelerators.json'])
      if (existsSync(join(this.path, entry)))
        await copyFile(join(this.path, entry), join(other.path, entry));
    if (owner !== 0) await other.giveTo(owner);
  }

  async giveTo(owner: number): Promise<void> {
    await execute('chown', ['-R', `${owner}:${owner}`, this.path]);
  }

  /** Runs the program to its end, whatever its status is. */
  boxlite(args: readonly string[], as: As = {}): Promise<CliResult> {
    const { program } = this.site.options;
    const command = [...becoming(as), join(program, 'bin', 'boxlite'), ...args];
    const [file = '', ...rest] = command;
    return run(file, rest, {
      env: { HOME: this.path, BOXLITE_HOME: this.path, LANG: 'C.UTF-8' },
      timeoutMs: (as.limitS ?? COMMAND_LIMIT_S) * 1000,
    });
  }

  /** Runs it and gives its stdout; another status than 0 is a mismatch. */
  async ok(args: readonly string[], as: As = {}): Promise<string> {
    const { status, stdout, stderr } = await this.boxlite(args, as);
    check(status === 0, `${args.join(' ')} ended with ${status}: ${stderr} ${stdout.toString()}`);
    return stdout.toString().trim();
  }

  /** Runs a shell's words in a box that is there. */
  sh(box: string, words: string): Promise<string> {
    return this.ok(['exec', box, 'sh', '-c', words]);
  }

  async inspect(box: string): Promise<Inspected> {
    return (JSON.parse(await this.ok(['inspect', box])) as [Inspected])[0];
  }

  async boxes(): Promise<string[]> {
    return (await this.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  }

  async remove(boxes: readonly string[]): Promise<void> {
    if (boxes.length > 0) await this.ok(['rm', '-f', ...boxes]);
  }
}

export interface Inspected {
  State: { Health?: { Status: string }; Pid: number; OOMKilled: boolean; ExitCode: number };
  Boxlite: {
    Accelerator: string;
    ShimPid: number | null;
    StartTimings: Partial<Record<string, number>>;
    Isolation: {
      walls: string[];
      group?: { path: string; controllers: string[]; memoryBytes?: number; tasks?: number };
      refused: Record<string, string>;
    } | null;
  };
}

/** The mount namespace goes with the command: what it starts, as a box, keeps it. */
function becoming({ uid, groups = [], kvmNode }: As): string[] {
  const device =
    kvmNode === undefined
      ? []
      : ['unshare', '--mount', 'sh', '-ec', 'mount --bind "$0" /dev/kvm; exec "$@"', kvmNode];
  const user =
    uid === undefined
      ? []
      : [
          ...['setpriv', '--reuid', String(uid), '--regid', String(uid)],
          ...(groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')]),
        ];
  return [...device, ...user];
}
