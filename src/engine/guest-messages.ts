import { randomBytes } from 'node:crypto';
import type { BootstrapValues, ExecValues } from '../agent/client.js';
import { BOX_FLAGS, EXEC_FLAGS } from '../agent/protocol.js';
import type { BoxSpec } from './box-spec.js';
import type { TerminalSize } from './options.js';

/** Addresses of QEMU's user-mode network. */
const NETWORK = { address: 0x0a00_020f, prefix: 24, gateway: 0x0a00_0202, dns: 0x0a00_0203 };

/** Docker's default: of chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
 *  net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap (linux/capability.h). */
const DEFAULT_CAPABILITIES = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31].reduce(
  (mask, bit) => mask | (1n << BigInt(bit)),
  0n,
);

/** What a shell's terminal is before anyone says its size. */
const DEFAULT_TERMINAL: TerminalSize = { rows: 24, cols: 80 };

/** Makes the restored VM this box; nothing of the user's runs before it. */
export function bootstrapValues(spec: BoxSpec): BootstrapValues {
  return {
    // Taken at the last moment: the guest's clock begins here.
    wallNs: BigInt(Date.now()) * 1_000_000n,
    entropy: randomBytes(32),
    flags:
      (spec.network ? BOX_FLAGS.NETWORK : 0) | (spec.readOnlyRoot ? BOX_FLAGS.READ_ONLY_ROOT : 0),
    hostname: spec.hostname,
    machineId: randomBytes(16).toString('hex'),
    ...NETWORK,
    hosts: '',
    shmBytes: BigInt(spec.shmBytes),
    pidsMax: 0,
    mounts: [],
  };
}

/** The box's own command. */
export function mainValues(spec: BoxSpec, terminal: TerminalSize = DEFAULT_TERMINAL): ExecValues {
  return {
    ...commandValues({
      argv: spec.argv,
      env: spec.env,
      workingDir: spec.workingDir,
      user: spec.user,
      tty: spec.tty ? terminal : undefined,
      stdin: spec.stdin,
      timeoutMs: 0,
    }),
    flags:
      commandFlags(spec.tty, spec.stdin) |
      (spec.idle ? EXEC_FLAGS.IDLE : 0) |
      (spec.init ? EXEC_FLAGS.INIT : 0),
  };
}

export interface CommandSpec {
  argv: string[];
  env: string[];
  workingDir: string;
  user: string;
  tty: TerminalSize | undefined;
  stdin: boolean;
  timeoutMs: number;
}

/** A command beside main. */
export function commandValues(command: CommandSpec): ExecValues {
  const { rows, cols } = command.tty ?? DEFAULT_TERMINAL;
  return {
    flags: commandFlags(command.tty !== undefined, command.stdin),
    rows,
    cols,
    timeoutMs: command.timeoutMs,
    capabilities: DEFAULT_CAPABILITIES,
    user: command.user,
    cwd: command.workingDir,
    argv: command.argv,
    env: command.env,
    rlimits: [],
  };
}

function commandFlags(tty: boolean, stdin: boolean): number {
  return (tty ? EXEC_FLAGS.TTY : 0) | (stdin ? EXEC_FLAGS.STDIN : 0) | EXEC_FLAGS.MAKE_CWD;
}
