import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BOXLITE, type CliResult, run } from './cli.js';
import { sharedHome } from './test-home.js';

const execute = promisify(execFile);

/** A user who owns no other file here. */
const UID = 65_432;

/** Denies a process the right to create user namespaces, as on a host that allows none. */
const NO_NAMESPACES = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';

/** A home that belongs to a user other than root, and commands that run as that user. Needs root. */
export class OrdinaryUser {
  readonly uid = UID;

  private constructor(
    readonly home: string,
    private readonly environment: Record<string, string>,
  ) {}

  /** @param environment variables of each command, in addition to the home */
  static async create(
    parent: string,
    environment: Record<string, string> = {},
  ): Promise<OrdinaryUser> {
    const home = join(parent, 'home-of-user');
    await chmod(parent, 0o755);
    await execute('cp', ['-a', '--sparse=always', sharedHome(), home]);
    await execute('chown', ['-R', `${UID}:${UID}`, home]);
    return new OrdinaryUser(home, environment);
  }

  /** @param namespaces whether the user may create user namespaces */
  boxlite(args: readonly string[], namespaces = true): Promise<CliResult> {
    const user = ['--reuid', String(UID), '--regid', String(UID), '--clear-groups'];
    const without = namespaces ? [] : ['unshare', '-Ur', 'sh', '-c', NO_NAMESPACES, 'sh'];
    return run('setpriv', [...user, ...without, BOXLITE, ...args], {
      env: { ...this.environment, HOME: this.home, BOXLITE_HOME: this.home, LANG: 'C.UTF-8' },
    });
  }
}
