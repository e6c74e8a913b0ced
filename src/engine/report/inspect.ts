import type { Home } from '../../host/home.js';
import { signalName } from '../../host/signals.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { startTimings } from '../machine/start-timings.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { configEnv } from '../spec/config-env.js';
import { STORAGE_DRIVER } from '../spec/defaults.js';
import { inspectLog } from '../spec/log-policy.js';
import { networkName } from '../spec/network/box-network.js';
import { restartPolicyOf, specOf } from '../spec/stored-spec.js';
import type { BoxHealth } from '../state/health.js';
import type { ObservedBox } from '../state/observe.js';
import type { BoxSize } from './box-size.js';
import { hiddenPaths } from './hidden-paths.js';
import { inspectHealth, inspectHealthcheck } from './inspect-health.js';
import {
  hostConfigPorts,
  type InspectedNetwork,
  inspectNetwork,
  inspectPolicy,
  inspectRates,
} from './inspect-network.js';
import { hostConfigOptions } from './inspect-options.js';
import { inDockersOrder, keysOnly, NO_CONFIG, NO_HOST_CONFIG, sorted } from './inspect-order.js';
import type { VmmIsolation } from './isolation.js';
import { rfc3339Nano } from './rfc3339.js';
import {
  configVolumes,
  hostConfigMounts,
  inspectMounts,
  type Mountpoints,
} from './volumes-inspect.js';

/**
 * Docker's keys in Docker's order, with Docker's zero value where a box has nothing equivalent, and our own
 * keys under `Boxlite`. Times are RFC 3339, sizes bytes.
 */
export interface BoxInspection {
  Id: string;
  Created: string;
  State: Record<string, unknown>;
  Image: string;
  Name: string;
  HostConfig: Record<string, unknown>;
  Mounts: unknown[];
  Config: Record<string, unknown>;
  NetworkSettings: Record<string, unknown>;
  Boxlite: Record<string, unknown>;
  [key: string]: unknown;
}

/** What Docker prints for an unset time. */
const NEVER = '0001-01-01T00:00:00Z';

/** As `observed` returns it. */
type Inspected = BoxRecord & Partial<Pick<ObservedBox, 'restarting' | 'networkError'>>;

/** What is known of a box besides its record. */
export interface BoxFindings {
  /** If it has a healthcheck. */
  health?: BoxHealth;
  /** That of its VMM, when it runs. */
  isolation?: VmmIsolation | undefined;
  /** Path of the file with its logged output. */
  logPath?: string;
  /** Those with names that it is in. */
  networks?: readonly InspectedNetwork[];
  /** If requested. */
  size?: BoxSize | undefined;
  mountpointOf?: Mountpoints;
}

export function inspectBox(
  home: Home,
  record: Inspected,
  { health, isolation, logPath = '', networks, size, ...findings }: BoxFindings = {},
): BoxInspection {
  const { mountpointOf = home.volumeData } = findings;
  const spec = specOf(record.options);
  const running = isActive(record.status);
  return {
    Id: record.id,
    Created: rfc3339Nano(record.createdAt),
    Path: spec.argv[0] ?? '',
    Args: spec.argv.slice(1),
    State: {
      Status: dockerStatus(record),
      Running: running,
      Paused: record.paused,
      Restarting: record.restarting === true,
      OOMKilled: record.oomKilled,
      Dead: false,
      Pid: running ? (record.pid ?? 0) : 0,
      ExitCode: record.exitCode ?? 0,
      Error: record.error ?? '',
      StartedAt: timeOf(record.startedAt),
      FinishedAt: timeOf(record.finishedAt),
      ...inspectHealth(health),
    },
    Image: record.imageId ?? '',
    // These files are in the box's file system, not on the host.
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: logPath,
    Name: `/${record.name ?? ''}`,
    RestartCount: record.restartCount,
    Driver: STORAGE_DRIVER,
    Platform: spec.platform?.split('/')[0] ?? 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: null,
    HostConfig: inDockersOrder(NO_HOST_CONFIG, {
      AutoRemove: record.autoRemove,
      Memory: spec.memoryMib * 2 ** 20,
      DiskSize: spec.diskBytes,
      ShmSize: spec.shmBytes,
      ...privilegesOf(spec),
      SecurityOpt: nullIfEmpty(securityOptOf(spec)),
      ExtraHosts: nullIfEmpty(spec.extraHosts ?? []),
      ...annotationsOf(spec),
      PidsLimit: spec.pidsLimit ?? null,
      LogConfig: inspectLog(spec),
      NetworkMode: spec.networkMode ?? networkName(spec),
      ReadonlyRootfs: spec.readOnlyRoot,
      ...(spec.init && { Init: true }),
      ...hostConfigMounts(spec),
      ...hostConfigOptions(spec),
      ...hostConfigPorts(spec),
      RestartPolicy: dockerPolicy(record),
      ...hiddenPaths(spec),
    }),
    GraphDriver: { Data: null, Name: STORAGE_DRIVER },
    ...(size && { SizeRw: size.writableBytes, SizeRootFs: size.rootBytes }),
    Mounts: inspectMounts(spec, mountpointOf),
    Config: inDockersOrder(NO_CONFIG, {
      Hostname: spec.hostname,
      Domainname: spec.domainname ?? '',
      ...(spec.macAddress !== undefined && { MacAddress: spec.macAddress }),
      User: spec.user,
      Tty: spec.tty,
      OpenStdin: spec.stdin,
      ...((spec.exposedPorts ?? []).length > 0 && { ExposedPorts: keysOnly(spec.exposedPorts) }),
      ...configVolumes(spec),
      Env: configEnv(spec),
      Cmd: nullIfEmpty(spec.argv.slice(spec.entrypointLength)),
      Entrypoint: nullIfEmpty(spec.argv.slice(0, spec.entrypointLength)),
      Image: record.image,
      WorkingDir: spec.workingDir,
      Labels: sorted(spec.labels),
      StopSignal: signalName(spec.stopSignal),
      StopTimeout: spec.stopTimeoutSeconds,
      ...inspectHealthcheck(spec),
    }),
    NetworkSettings: inspectNetwork(spec, record, running, networks),
    Boxlite: {
      ContainerId: record.containerId,
      LockId: record.lockId,
      ShimPid: running ? record.shimPid : null,
      Accelerator: record.accelerator,
      Kernel: kernelOf(spec),
      Nested: spec.nested === true,
      Template: record.templateKey,
      StartTimings: startTimings(record.timings) ?? null,
      CommandsExecuted: record.commandsExecuted,
      ExecErrors: record.execErrors,
      StartCount: record.startCount,
      Directory: home.box(record.id),
      NetworkPolicy: inspectPolicy(spec),
      NetworkRates: inspectRates(spec),
      Security: spec.security ?? null,
      Isolation: isolation ?? null,
      NetworkError: record.networkError ?? null,
    },
  };
}

function dockerPolicy(record: Inspected): Record<string, unknown> {
  const { name, maximumRetryCount } = restartPolicyOf(record.options);
  return { Name: name, MaximumRetryCount: maximumRetryCount };
}

function dockerStatus(record: Inspected): string {
  if (record.restarting === true) return 'restarting';
  if (record.paused) return 'paused';
  switch (record.status) {
    case 'configured':
      return 'created';
    case 'running':
    case 'stopping':
      return 'running';
    case 'stopped':
      return 'exited';
    case 'unknown':
      return 'unknown';
  }
}

const timeOf = (ms: number | null): string => (ms === null ? NEVER : rfc3339Nano(ms));

function privilegesOf({ privileges }: BoxSpec): Record<string, unknown> {
  const { privileged = false, capAdd = [], capDrop = [], ulimits = [] } = privileges ?? {};
  return {
    CapAdd: nullIfEmpty(capAdd),
    CapDrop: nullIfEmpty(capDrop),
    Privileged: privileged,
    Ulimits: ulimits.map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
  };
}

/** What differs from Docker's default, in Docker's words, even if a preset set it. */
function securityOptOf({ security }: BoxSpec): string[] {
  return [
    ...(security?.noNewPrivileges === true ? ['no-new-privileges'] : []),
    ...(security?.seccomp === false ? ['seccomp=unconfined'] : []),
  ];
}

/** Null for a box with the home's kernel. */
function kernelOf({ kernel }: BoxSpec): Record<string, unknown> | null {
  if (kernel === undefined) return null;
  const { path, modules = null, version, digest } = kernel;
  return { Path: path, Modules: modules, Version: version, Digest: digest };
}

/** Docker prints empty lists as null. */
function nullIfEmpty(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}

/** Omitted if empty, as in Docker. */
function annotationsOf({ annotations = {} }: BoxSpec): { Annotations?: Record<string, string> } {
  return Object.keys(annotations).length === 0 ? {} : { Annotations: sorted(annotations) };
}
