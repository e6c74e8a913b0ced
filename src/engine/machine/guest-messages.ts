import { randomBytes } from 'node:crypto';
import type {
  BootstrapValues,
  ExecValues,
  HealthcheckValues,
  PrepareValues,
} from '../../agent/client.js';
import { encodeMessage } from '../../agent/codec.js';
import { BOX_FLAGS, EXEC_FLAGS } from '../../agent/protocol.js';
import type { NetAddressValues } from '../../agent/requests.js';
import { addressBytes, ipv4Number } from '../../host/ip-address.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { deviceRequests } from '../spec/devices.js';
import type { NetworkAddresses, NetworkLink } from '../spec/network/attachment.js';
import { hostsLines } from '../spec/network/name-resolution.js';
import { OWN_NETWORK } from '../spec/network/own-network.js';
import { resolvConf } from '../spec/network/resolv-conf.js';
import type { TerminalSize } from '../spec/options.js';
import { capabilityMask, type Privileges, resourceLimits } from '../spec/privileges.js';
import { processorLimits } from '../spec/processors.js';
import { SecurityOptions } from '../spec/security.js';
import { sysctlSettings } from '../spec/sysctls.js';
import { macBytes } from './box-network.js';

/** Of each named network. */
const LINK_PREFIX6_LENGTH = 64;

const OOM_SCORE_BIAS = 1_000;

/** The usual size of a terminal, until a client sets one. */
const DEFAULT_TERMINAL: TerminalSize = { rows: 24, cols: 80 };

/** The values that all boxes of an image share, for its template. A box with other addresses replaces these. */
export function prepareValues(): PrepareValues {
  return networkValues(OWN_NETWORK);
}

export interface BootstrapInputs {
  macAddress?: string;
  mounts?: BootstrapValues['mounts'];
  hostResolver?: string;
  addresses?: NetworkAddresses;
  links?: readonly NetworkLink[];
}

/**
 * Turns the restored VM into this box; no user code runs before it.
 * @param given.macAddress empty = the device's own
 * @param given.mounts what to mount in it
 * @param given.hostResolver text of the host's resolv.conf
 * @param given.addresses the primary network's
 * @param given.links the named networks, the primary one among them or not
 */
export function bootstrapValues(spec: BoxSpec, given: BootstrapInputs = {}): BootstrapValues {
  const { macAddress = '', mounts = [], hostResolver = '' } = given;
  const { addresses = OWN_NETWORK, links = [] } = given;
  return {
    // Read as late as possible: the guest's clock starts from it.
    wallNs: BigInt(Date.now()) * 1_000_000n,
    entropy: randomBytes(32),
    flags: boxFlags(spec),
    hostname: spec.hostname,
    domainname: spec.domainname ?? '',
    machineId: randomBytes(16).toString('hex'),
    ...networkValues(addresses),
    addresses: otherLinks(addresses, links).map(linkValues),
    mac: macBytes(macAddress),
    resolvConf: spec.network ? resolvConf(spec, hostResolver, addresses, links.length > 0) : '',
    hosts: hostsLines(spec.extraHosts ?? [], addresses),
    shmBytes: BigInt(spec.shmBytes),
    pidsMax: spec.pidsLimit ?? 0,
    mounts,
    sysctls: sysctlSettings(spec.sysctls),
    limits: cgroupLimits(spec),
    devices: deviceRequests(spec.devices ?? [], spec.deviceRules ?? []),
  };
}

/** For a helper machine that only has the box's disks: nothing of the box runs in it. */
export function lendingValues(
  spec: BoxSpec,
  mounts: BootstrapValues['mounts'] = [],
): BootstrapValues {
  const values = bootstrapValues({ ...spec, network: false }, { mounts });
  return { ...values, sysctls: [], limits: [], devices: [] };
}

/** What the agent is told of a box's address in one network. */
export function linkValues(link: NetworkLink): Omit<NetAddressValues, 'add'> {
  return {
    address: ipv4Number(link.address),
    prefix: link.prefixLength,
    address6: addressBytes(link.address6),
    prefix6: LINK_PREFIX6_LENGTH,
  };
}

function networkValues(network: NetworkAddresses): PrepareValues {
  return {
    address: ipv4Number(network.address),
    prefix: network.prefixLength,
    gateway: ipv4Number(network.gateway),
    address6: addressBytes(network.address6),
    prefix6: network.prefix6Length,
    gateway6: addressBytes(network.gateway6),
    mtu: network.mtu,
  };
}

/** The primary network has given the interface its address already. */
const otherLinks = (primary: NetworkAddresses, links: readonly NetworkLink[]) =>
  links.filter(({ address }) => address !== primary.address);

function boxFlags(spec: BoxSpec): number {
  const { maskedPaths } = spec.security ?? SecurityOptions.standard();
  return (
    (spec.network ? BOX_FLAGS.NETWORK : 0) |
    (spec.readOnlyRoot ? BOX_FLAGS.READ_ONLY_ROOT : 0) |
    (spec.privileges?.privileged === true ? BOX_FLAGS.PRIVILEGED : 0) |
    (maskedPaths ? 0 : BOX_FLAGS.UNMASKED) |
    (spec.ipc === 'none' ? BOX_FLAGS.NO_SHM : 0)
  );
}

function cgroupLimits(spec: BoxSpec): BootstrapValues['limits'] {
  const { memoryReservationMib: reservation } = spec;
  return [
    ...processorLimits(spec),
    ...(reservation === undefined
      ? []
      : [{ name: 'memory.low', value: String(reservation * 2 ** 20) }]),
  ];
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
    ...ofItsBox(spec),
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

/** The box's file system as a tar on stdout. @param flags EXEC_FLAGS that select what, or how */
export function archiveValues(flags = 0): ExecValues {
  const nothing = { argv: [], env: [], workingDir: '', user: '', tty: undefined, stdin: false };
  return { ...commandValues({ ...nothing, timeoutMs: 0 }), flags: EXEC_FLAGS.ARCHIVE | flags };
}

/** What the box has changed in its image, as a layer. @param freeze freezes the box meanwhile */
export function layerValues(freeze: boolean): ExecValues {
  return archiveValues(EXEC_FLAGS.LAYER | (freeze ? EXEC_FLAGS.FREEZE : 0));
}

/** The same as a list of names. */
export function changesValues(): ExecValues {
  return archiveValues(EXEC_FLAGS.CHANGES);
}

/** One end of a copy, with the arguments of native/archive/command.h. */
export function copyValues(argv: readonly string[]): ExecValues {
  const packs = argv[0] === 'pack';
  const nothing = { env: [], workingDir: '', user: '', tty: undefined, stdin: false, timeoutMs: 0 };
  return {
    ...commandValues({ ...nothing, argv: [...argv] }),
    flags: packs ? EXEC_FLAGS.PACK : EXEC_FLAGS.UNPACK | EXEC_FLAGS.STDIN,
  };
}

/** What each command inherits from its box. */
export function ofItsBox(
  spec: BoxSpec,
): Pick<CommandSpec, 'groups' | 'oomScoreAdj' | 'privileges' | 'security'> {
  const { groupAdd, oomScoreAdj, privileges, security } = spec;
  return { groups: groupAdd, oomScoreAdj, privileges, security };
}

export interface CommandSpec {
  argv: string[];
  env: string[];
  workingDir: string;
  user: string;
  tty: TerminalSize | undefined;
  stdin: boolean;
  timeoutMs: number;
  groups?: string[] | undefined;
  oomScoreAdj?: number | undefined;
  privileges?: Privileges | undefined;
  security?: SecurityOptions | undefined;
}

/** A command beside main: its working directory must exist (Docker's rule). */
export function commandValues(command: CommandSpec): ExecValues {
  const { rows, cols } = command.tty ?? DEFAULT_TERMINAL;
  return {
    flags: commandFlags(command),
    rows,
    cols,
    timeoutMs: command.timeoutMs,
    capabilities: capabilityMask(command.privileges),
    oomScoreAdj: (command.oomScoreAdj ?? 0) + OOM_SCORE_BIAS,
    user: command.user,
    groups: command.groups ?? [],
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

/** What the agent receives; undefined when the box has no healthcheck. */
export function healthcheckValues(spec: BoxSpec): HealthcheckValues | undefined {
  if (spec.healthcheck === undefined) return undefined;
  const { argv, intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = spec.healthcheck;
  const { env, workingDir, user } = spec;
  const command = {
    ...{ argv, env, workingDir, user, ...ofItsBox(spec) },
    ...{ tty: undefined, stdin: false, timeoutMs: 0 },
  };
  return {
    intervalMs,
    timeoutMs,
    startPeriodMs,
    startIntervalMs,
    retries,
    command: encodeMessage('exec', commandValues(command)),
  };
}
