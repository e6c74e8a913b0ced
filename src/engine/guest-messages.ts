import { randomBytes } from 'node:crypto';
import type { BootstrapValues, ExecValues, PrepareValues } from '../agent/client.js';
import { BOX_FLAGS, EXEC_FLAGS } from '../agent/protocol.js';
import type { BoxSpec } from './box-spec.js';
import { hostsLines, nameServer } from './name-resolution.js';
import type { TerminalSize } from './options.js';
import { capabilityMask, resourceLimits, type Privileges } from './privileges.js';
import { SecurityOptions } from './security.js';

/** Addresses of QEMU's user-mode network. */
const NETWORK = { address: 0x0a00_020f, prefix: 24, gateway: 0x0a00_0202 };
const DNS = 0x0a00_0203;

/** What a shell's terminal is before anyone says its size. */
const DEFAULT_TERMINAL: TerminalSize = { rows: 24, cols: 80 };

/** What every box of an image has in common, for its template. */
export function prepareValues(): PrepareValues {
  return NETWORK;
}

/**
 * Makes the restored VM this box; nothing of the user's runs before it.
 * @param mounts what to mount in it; a machine that only lends the box's disks needs none
 */
export function bootstrapValues(
  spec: BoxSpec,
  mounts: BootstrapValues['mounts'] = [],
): BootstrapValues {
  return {
    // Taken at the last moment: the guest's clock begins here.
    wallNs: BigInt(Date.now()) * 1_000_000n,
    entropy: randomBytes(32),
    flags:
      (spec.network ? BOX_FLAGS.NETWORK : 0) |
      (spec.readOnlyRoot ? BOX_FLAGS.READ_ONLY_ROOT : 0) |
      (spec.privileges?.privileged === true ? BOX_FLAGS.PRIVILEGED : 0),
    hostname: spec.hostname,
    machineId: randomBytes(16).toString('hex'),
    ...NETWORK,
    dns: spec.dns === undefined ? DNS : nameServer(spec.dns),
    hosts: hostsLines(spec.extraHosts ?? []),
    shmBytes: BigInt(spec.shmBytes),
    pidsMax: spec.pidsLimit ?? 0,
    mounts,
  };
}

/** The box's own command. */
export function mainValues(spec: BoxSpec, terminal: TerminalSize = DEFAULT_TERMINAL): ExecValues {
  const values = commandValues({
    argv: spec.argv,
    env: spec.env,
    workingDir: spec.workingDir,
    user: spec.user,
    tty: spec.tty ? terminal : undefined,
    stdin: spec.stdin,
    timeoutMs: spec.timeoutMs ?? 0,
    privileges: spec.privileges,
    security: spec.security,
  });
  return {
    ...values,
    flags:
      values.flags |
      EXEC_FLAGS.MAKE_CWD |
      (spec.idle ? EXEC_FLAGS.IDLE : 0) |
      (spec.init ? EXEC_FLAGS.INIT : 0),
  };
}

/** The box's file system as a tar on stdout. @param flags what of it, or how */
export function archiveValues(flags = 0): ExecValues {
  const nothing = { argv: [], env: [], workingDir: '', user: '', tty: undefined, stdin: false };
  return { ...commandValues({ ...nothing, timeoutMs: 0 }), flags: EXEC_FLAGS.ARCHIVE | flags };
}

/** What the box has changed of its image, as a layer. @param freeze nothing in it moves meanwhile */
export function layerValues(freeze: boolean): ExecValues {
  return archiveValues(EXEC_FLAGS.LAYER | (freeze ? EXEC_FLAGS.FREEZE : 0));
}

/** The same as a list of names. */
export function changesValues(): ExecValues {
  return archiveValues(EXEC_FLAGS.CHANGES);
}

/** One end of a copy, with the words of native/archive/command.h. */
export function copyValues(argv: readonly string[]): ExecValues {
  const packs = argv[0] === 'pack';
  const nothing = { env: [], workingDir: '', user: '', tty: undefined, stdin: false, timeoutMs: 0 };
  return {
    ...commandValues({ ...nothing, argv: [...argv] }),
    flags: packs ? EXEC_FLAGS.PACK : EXEC_FLAGS.UNPACK | EXEC_FLAGS.STDIN,
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
  privileges?: Privileges | undefined;
  security?: SecurityOptions | undefined;
}

/** A command beside main: its directory must be there (Docker's rule). */
export function commandValues(command: CommandSpec): ExecValues {
  const { rows, cols } = command.tty ?? DEFAULT_TERMINAL;
  return {
    flags: commandFlags(command),
    rows,
    cols,
    timeoutMs: command.timeoutMs,
    capabilities: capabilityMask(command.privileges),
    user: command.user,
    cwd: command.workingDir,
    argv: command.argv,
    env: command.env,
    rlimits: resourceLimits(command.privileges),
  };
}

function commandFlags(command: CommandSpec): number {
  const { seccomp, noNewPrivileges } = command.security ?? SecurityOptions.standard();
  const confined = seccomp && command.privileges?.privileged !== true;
  return (
    (command.tty ? EXEC_FLAGS.TTY : 0) |
    (command.stdin ? EXEC_FLAGS.STDIN : 0) |
    (confined ? 0 : EXEC_FLAGS.UNCONFINED) |
    (noNewPrivileges ? EXEC_FLAGS.NO_NEW_PRIVILEGES : 0)
  );
}
