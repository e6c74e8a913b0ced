import { LIMITS } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';
import { signalNumber } from '../../host/signals.js';
import { DISK_BYTES } from '../../image/disk/disk-size.js';
import type { ImageConfig } from '../../image/oci/image-config.js';
import {
  DEFAULT_DISK_BYTES,
  DEFAULT_SHM_BYTES,
  DEFAULT_STOP_TIMEOUT_SECONDS,
  MAX_PIDS,
  MIN_DISK_BYTES,
} from './defaults.js';
import { type BoxDevice, deviceRequests, settleDeviceRules, settleDevices } from './devices.js';
import { environmentEntries } from './environment.js';
import { type HealthcheckSpec, settleHealthcheck } from './healthcheck.js';
import { type LogSpec, settleLog } from './log-policy.js';
import { settleMemory } from './memory.js';
import { checkHostname, settleNetworkIdentity } from './network/network-identity.js';
import { type NetPolicySpec, settleNetPolicy } from './network/policy.js';
import { boxPortText, type PortsSpec, settlePorts } from './network/ports.js';
import { type NetRateSpec, settleNetRates } from './network/rates.js';
import type { ResolverSpec } from './network/resolv-conf.js';
import type { BoxOptions, IpcMode } from './options.js';
import { type Privileges, settlePrivileges } from './privileges.js';
import { type ProcessorSpec, settleProcessors } from './processors.js';
import { parseRestartPolicy, type RestartPolicy } from './restart-policy.js';
import { type SecurityOptions, settleSecurity } from './security.js';
import { settleSysctls } from './sysctls.js';
import { type BoxTmpfs, checkMounts } from './volumes.js';
import type { BoxVolume } from './volumes/box-volume.js';
import { parseVolumesFrom } from './volumes/inherited-mounts.js';
import { inRange } from './whole-number.js';

/**
 * What a box is: the caller's options merged with the image's config when the box is created. Stored as JSON
 * with the box; the image is not read again.
 */
export interface BoxSpec
  extends ProcessorSpec, ResolverSpec, PortsSpec, NetPolicySpec, NetRateSpec {
  memoryMib: number;
  diskBytes: number;
  shmBytes: number;
  /** Entrypoint and command; empty only for an idle box. */
  argv: string[];
  idle: boolean;
  env: string[];
  workingDir: string;
  user: string;
  hostname: string;
  tty: boolean;
  stdin: boolean;
  init: boolean;
  network: boolean;
  /** The network with a name that the caller named first; missing: none. */
  networkMode?: string;
  readOnlyRoot: boolean;
  stopSignal: number;
  stopTimeoutSeconds: number;
  labels: Record<string, string>;
  restart?: RestartPolicy;
  /** Milliseconds that the command may take; 0 or missing: no limit. */
  timeoutMs?: number;
  /** DiffIDs of the image's layers, lowest first. */
  diffIds: string[];
  entrypointLength: number;
  volumes: BoxVolume[];
  tmpfs: BoxTmpfs[];
  /** Added later: boxes created before lack these. */
  security?: SecurityOptions;
  privileges?: Privileges;
  extraHosts?: string[];
  domainname?: string;
  macAddress?: string;
  groupAdd?: string[];
  oomScoreAdj?: number;
  memoryReservationMib?: number;
  sysctls?: Record<string, string>;
  devices?: BoxDevice[];
  deviceRules?: string[];
  ipc?: IpcMode;
  annotations?: Record<string, string>;
  exposedPorts?: string[];
  /** Missing: the box's health is not checked. */
  healthcheck?: HealthcheckSpec;
  /** Missing or 0: no limit but the machine's. */
  pidsLimit?: number;
  /** Missing: the home's kernel. */
  kernel?: BoxKernel;
  /** Missing: its processor has no virtualization. */
  nested?: true;
  log?: LogSpec;
  /** The image's platform: `linux/amd64`. */
  platform?: string;
  /** Paths that the image declares as volumes. */
  imageVolumes?: string[];
  /** As the caller gave them: `web:ro`. */
  volumesFrom?: string[];
}

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The protocol's limit, 49 days. */
const MAX_TIMEOUT_MS = 2 ** 32 - 1;
const NAME_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;

/**
 * @param id the box's id; its first 12 characters are the default host name
 * @throws invalid-argument for values out of range and for a box without any command
 */
export function settleSpec(options: BoxOptions, image: ImageConfig, id: string): BoxSpec {
  const entrypoint = options.entrypoint ?? image.entrypoint ?? [];
  // A new entrypoint makes the image's CMD meaningless (Docker's rule).
  const imageCommand = options.entrypoint === undefined ? (image.cmd ?? []) : [];
  const argv = [...entrypoint, ...(options.command ?? imageCommand)];
  const idle = options.idle === true;
  if (argv.length === 0 && !idle)
    throw new BoxliteError('invalid-argument', 'no command specified', {
      hint: 'the image has none either: name one after the image',
    });
  const hostname = options.hostname ?? id.slice(0, 12);
  return {
    ...settleProcessors(options),
    ...settleMemory(options),
    diskBytes: inRange(
      'disk size',
      options.diskBytes ?? DEFAULT_DISK_BYTES,
      MIN_DISK_BYTES,
      DISK_BYTES,
    ),
    shmBytes: inRange('shm size', options.shmBytes ?? DEFAULT_SHM_BYTES, 4096, 2 ** 40),
    argv,
    idle,
    env: mergeEnv(
      baseEnv(hostname, options.tty === true),
      image.env,
      environmentEntries(options.env ?? []),
    ),
    workingDir: checkWorkingDir(options.workingDir) ?? (imageWorkingDir(image) || '/'),
    user: options.user ?? image.user,
    hostname: checkHostname(hostname),
    tty: options.tty === true,
    stdin: options.stdin === true,
    init: options.init === true,
    network: options.network !== 'none',
    readOnlyRoot: options.readOnlyRoot === true,
    stopSignal: signalNumber(options.stopSignal ?? image.stopSignal ?? 'SIGTERM'),
    stopTimeoutSeconds: checkStopTimeout(
      options.stopTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS,
    ),
    restart: restartPolicy(options),
    timeoutMs: inRange('time limit', options.timeoutMs ?? 0, 0, MAX_TIMEOUT_MS),
    labels: { ...image.labels, ...options.labels },
    diffIds: image.diffIds,
    entrypointLength: entrypoint.length,
    ...checkMounts(options),
    ...(options.security && { security: settleSecurity(options.security) }),
    privileges: settlePrivileges(options),
    ...settleNetworkIdentity(options),
    ...settleNetPolicy(options),
    ...settleNetRates(options, options.network !== 'none'),
    ...(options.networks?.[0] && { networkMode: options.networks[0].name }),
    ...settleKernelOptions(options),
    ...settleProcessOptions(options),
    annotations: options.annotations ?? {},
    ...settleAllPorts(options, image),
    ...settleHealthcheck(options.healthcheck, image),
    ...settlePidsLimit(options.pidsLimit ?? 0),
    ...(options.nested === true && { nested: true }),
    log: settleLog(options.log),
    platform: [image.os, image.architecture, image.variant].filter(Boolean).join('/'),
    ...(image.volumes.length > 0 && { imageVolumes: image.volumes }),
    ...settleVolumesFrom(options),
  };
}

function settleVolumesFrom({ volumesFrom = [] }: BoxOptions): { volumesFrom?: string[] } {
  volumesFrom.forEach(parseVolumesFrom);
  return volumesFrom.length > 0 ? { volumesFrom: [...volumesFrom] } : {};
}

/** Docker's rule: a published port counts as exposed. */
function settleAllPorts(options: BoxOptions, image: ImageConfig) {
  const exposed = [...new Set([...image.exposedPorts, ...(options.exposedPorts ?? [])])];
  const settled = settlePorts(options, exposed, options.network !== 'none');
  const { ports = [] } = settled;
  return { exposedPorts: [...new Set([...exposed, ...ports.map(boxPortText)])], ...settled };
}

/** Seconds between the stop signal and KILL. @throws invalid-argument */
export function checkStopTimeout(seconds: number): number {
  return inRange('stop timeout', seconds, -1, 2 ** 31 - 1);
}

/** @throws invalid-argument, in Docker's words */
export function checkWorkingDir(path: string | undefined): string | undefined {
  if (path === undefined || path === '' || path.startsWith('/')) return path;
  throw new BoxliteError(
    'invalid-argument',
    `the working directory '${path}' is invalid, it needs to be an absolute path`,
  );
}

/** Docker's runtime refuses it, too. @throws invalid-argument */
function imageWorkingDir({ workingDir }: ImageConfig): string {
  if (workingDir === '' || workingDir.startsWith('/')) return workingDir;
  throw new BoxliteError(
    'invalid-argument',
    `the image's working directory '${workingDir}' is invalid, it needs to be an absolute path`,
    { hint: 'name another with -w' },
  );
}

function restartPolicy(options: BoxOptions): RestartPolicy {
  const policy = parseRestartPolicy(options.restart ?? 'no');
  if (policy.name !== 'no' && options.autoRemove === true)
    throw new BoxliteError(
      'invalid-argument',
      'conflicting options: cannot specify both --restart and --rm',
    );
  return policy;
}

/** @returns the name without the leading slash of Docker's names. @throws invalid-argument */
export function checkName(text: string): string {
  const name = text.replace(/^\//, '');
  if (NAME_PATTERN.test(name)) return name;
  throw new BoxliteError('invalid-argument', `invalid box name "${text}"`, {
    hint: 'letters, digits, _ . - and at most 63 of them, the first a letter or a digit',
  });
}

/** Later entries win, but keep the earlier one's position; an entry without `=` removes the variable. */
export function mergeEnv(...lists: readonly (readonly string[])[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) {
    const name = entry.split('=', 1)[0] ?? '';
    if (entry.includes('\0'))
      throw new BoxliteError('invalid-argument', `the variable ${name} holds a NUL byte`);
    if (name === '') throw new BoxliteError('invalid-argument', `invalid variable "${entry}"`);
    if (entry.includes('=')) merged.set(name, entry);
    else merged.delete(name);
  }
  return [...merged.values()];
}

function settleKernelOptions(options: BoxOptions) {
  const { sysctls = {}, devices = [], deviceRules = [], ipc } = options;
  const settled = {
    devices: settleDevices(devices, options.nested === true),
    deviceRules: settleDeviceRules(deviceRules),
  };
  deviceRequests(settled.devices, settled.deviceRules);
  return {
    ...(Object.keys(sysctls).length > 0 && {
      sysctls: settleSysctls(sysctls, options.privileged === true),
    }),
    ...(devices.length > 0 && { devices: settled.devices }),
    ...(deviceRules.length > 0 && { deviceRules: settled.deviceRules }),
    ...(ipc !== undefined && { ipc: checkIpc(ipc, options) }),
  };
}

function settleProcessOptions({ groupAdd = [], oomScoreAdj = 0 }: BoxOptions) {
  return {
    ...(groupAdd.length > 0 && { groupAdd: checkGroups(groupAdd) }),
    ...(oomScoreAdj !== 0 && {
      oomScoreAdj: inRange('oom score adjustment', oomScoreAdj, -1000, 1000),
    }),
  };
}

function checkIpc(ipc: IpcMode, { shmBytes }: BoxOptions): IpcMode {
  if (!['private', 'shareable', 'none'].includes(ipc))
    throw new BoxliteError('invalid-argument', `invalid IPC mode: ${ipc}`, {
      hint: 'use private, shareable or none',
    });
  if (ipc === 'none' && shmBytes !== undefined)
    throw new BoxliteError('invalid-argument', 'a box without /dev/shm has no size of it', {
      hint: 'leave out either --shm-size or --ipc none',
    });
  return ipc;
}

function checkGroups(groups: string[]): string[] {
  for (const group of groups)
    if (group === '' || group.length > 255 || /[\0\n:]/.test(group))
      throw new BoxliteError(
        'invalid-argument',
        `"${group}" is neither a group's name nor a number`,
      );
  if (groups.length > LIMITS.MAX_GROUPS)
    throw new BoxliteError(
      'invalid-argument',
      `a box can be given ${LIMITS.MAX_GROUPS} groups, not ${groups.length}`,
    );
  return [...groups];
}

function baseEnv(hostname: string, tty: boolean): string[] {
  const env = [DEFAULT_PATH, `HOSTNAME=${hostname}`];
  if (tty) env.push('TERM=xterm');
  return env;
}

/** The field is missing without a limit. */
export function settlePidsLimit(limit: number): { pidsLimit?: number } {
  const pidsLimit = inRange('pids limit', limit, -1, MAX_PIDS);
  return pidsLimit > 0 ? { pidsLimit } : {};
}

export interface BoxKernel {
  /** Both with links resolved when the box was created: `/vmlinuz` may point elsewhere by the next start. */
  path: string;
  modules?: string;
  version: string;
  /** SHA-256 in hex over what was copied from them. */
  digest: string;
}
