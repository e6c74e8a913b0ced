import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Home } from '../../src/host/home.js';
import { nativeProgram } from '../../src/host/native-programs.js';
import { findQemu } from '../../src/vmm/qemu/binary.js';
import { BOXLITE, type CliResult, run } from './cli.js';
import { sharedHome } from './test-home.js';

const execute = promisify(execFile);

/** Gives one command its own /dev, in which kvm is a device that opens but is not KVM. */
const OWN_DEV = `set -e
mount -t tmpfs -o mode=755 dev /mnt
cd /mnt
for node in null:3 zero:5 full:7 random:8 urandom:9 kvm:3; do mknod -m 666 \${node%:*} c 1 \${node#*:}; done
mknod -m 666 tty c 5 0
mkdir pts shm
ln -s /proc/self/fd fd
ln -s pts/ptmx ptmx
mount --bind /dev/pts pts
mount --bind /dev/shm shm
chown "$KVM_OWNER" kvm
chmod "$KVM_MODE" kvm
cd /
mount --move /mnt /dev
exec "$@"`;

export interface Node {
  /** `UID:GID`; root's by default. */
  owner?: string;
  /** Octal; 666 by default. */
  mode?: string;
}

export interface FakeRun extends Node {
  /** The home of the fake's test by default. */
  home?: string;
  /** The user who runs the command; root by default. */
  uid?: number;
  /** BoxLite's own QEMU instead of the fake's. */
  realQemu?: boolean;
}

/**
 * A KVM whose behaviour a test controls, on a machine that may have none: /dev/kvm is another device, and
 * QEMU is a script that reacts when it is asked to use KVM. Needs root.
 */
export class FakeKvm {
  readonly #machines: string[] = [];
  readonly #server = createServer();

  private constructor(
    private readonly home: string,
    private readonly directory: string,
  ) {}

  /** @param home the fake's files go into its parent directory */
  static async create(home: string): Promise<FakeKvm> {
    const directory = await mkdtemp(join(home, '..', 'fake-kvm-'));
    await chmod(directory, 0o755);
    const fake = new FakeKvm(home, directory);
    const { path } = await findQemu(new Home(sharedHome()));
    const { stdout: khz } = await execute(nativeProgram('boxlite-host'), ['tsc-khz']);
    await writeFile(fake.#qemu, fake.#script(path, khz.trim()), { mode: 0o755 });
    await mkdir(fake.#visible);
    await fake.becomes('working');
    await fake.#listen();
    return fake;
  }

  get #qemu(): string {
    return join(this.directory, 'qemu-system-x86_64');
  }
  /** A VMM sees of the program's surroundings only this: where a build has its firmware. */
  get #visible(): string {
    return join(this.directory, 'pc-bios');
  }
  get #state(): string {
    return join(this.#visible, 'state');
  }
  get #socket(): string {
    return join(this.#visible, 'machines.sock');
  }

  /** `working` runs by emulation, `busy` fails as if another hypervisor held KVM, `hanging` does nothing. */
  async becomes(state: 'working' | 'busy' | 'hanging'): Promise<void> {
    await writeFile(this.#state, state);
  }

  /** How each machine with KVM was started since `forgetMachines`: `boot` or `restore`. */
  machines(): string[] {
    return [...this.#machines];
  }

  forgetMachines(): void {
    this.#machines.length = 0;
  }

  /** Each machine tells before it begins, and waits until that has been heard. */
  async #listen(): Promise<void> {
    this.#server.on('connection', (machine) => {
      machine.once('data', (how) => {
        this.#machines.push(how.toString());
        machine.end();
      });
    });
    this.#server.listen(this.#socket);
    await once(this.#server, 'listening');
    await chmod(this.#socket, 0o666); // each VMM runs as its own user
  }

  boxlite(args: readonly string[], options: FakeRun = {}): Promise<CliResult> {
    const { home = this.home, uid, realQemu = false, owner = '0:0', mode = '666' } = options;
    const user = ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
    const command = [...(uid === undefined ? [] : user), BOXLITE, ...args];
    return run('unshare', ['--mount', 'sh', '-c', OWN_DEV, 'sh', ...command], {
      env: {
        ...{ HOME: join(home, 'user'), BOXLITE_HOME: home, LANG: 'C.UTF-8' },
        ...{ KVM_OWNER: owner, KVM_MODE: mode },
        ...(!realQemu && { BOXLITE_QEMU: this.#qemu }),
      },
    });
  }

  async remove(): Promise<void> {
    this.#server.close();
    await rm(this.directory, { recursive: true });
  }

  /**
   * Passes the TSC rate to the kernel, as under emulation. The script runs as a VMM, so it can't fork, nor write a
   * file.
   */
  #script(qemu: string, khz: string): string {
    return `#!/usr/bin/perl
use strict;
use IO::Socket::UNIX;
my $line = " @ARGV ";
exec '${qemu}', @ARGV unless $line =~ / -accel kvm /;
my $test = IO::Socket::UNIX->new(Peer => '${this.#socket}') or die "tell the test: $!";
print {$test} $line =~ / -incoming / ? 'restore' : 'boot';
$test->flush;
<$test>;
open my $file, '<', '${this.#state}' or die "read the state: $!";
my $state = <$file>;
if ($state eq 'busy') {
  print STDERR "qemu: failed to initialize kvm: Device or resource busy\\n";
  exit 1;
}
exec 'sleep', '1000' if $state eq 'hanging';
for (@ARGV) {
  s/^kvm$/tcg,tb-size=64/;
  s/^host,.*/max,erms=off,svm=off/;
  s/^(console=.*)/$1 tsc_early_khz=${khz} tsc=reliable/;
}
exec '${qemu}', @ARGV;
`;
  }
}
