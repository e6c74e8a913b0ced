import type { Home } from '../home.js';
import type { BoxRecord } from '../store/box-record.js';
import { isActive } from '../store/status.js';
import type { BoxSpec } from './box-spec.js';
import { restartPolicyOf, specOf } from './stored-spec.js';
import type { BoxHealth } from './health.js';
import { inspectHealth, inspectHealthcheck } from './inspect-health.js';
import { inspectLog } from './log-policy.js';
import { rfc3339Nano } from './rfc3339.js';
import { signalName } from './signals.js';
import { startTimings } from './start-timings.js';
import { hostConfigMounts, inspectMounts } from './volumes-inspect.js';
import type { Walls } from './walls.js';

/** Docker's keys, and ours under `Boxlite`. Times are RFC 3339, sizes bytes. */
export interface BoxInspection {
  Id: string;
  Name: string;
  Image: string;
  Created: string;
  State: Record<string, unknown>;
  Config: Record<string, unknown>;
  HostConfig: Record<string, unknown>;
  Mounts: unknown[];
  NetworkSettings: Record<string, unknown>;
  Boxlite: Record<string, unknown>;
  [key: string]: unknown;
}

/** What Docker prints for a time that has not come. */
const NEVER = '0001-01-01T00:00:00Z';

/** As `observed` gives it. */
type Inspected = BoxRecord & { restarting?: boolean };

/**
 * @param health of the box, as far as it has a healthcheck
 * @param walls of its VMM, when it runs
 * @param logPath of the file that its output is logged to
 */
export function inspectBox(
  home: Home,
  record: Inspected,
  health?: BoxHealth,
  walls?: Walls,
  logPath = '',
): BoxInspection {
  const spec = specOf(record.options);
  const running = isActive(record.status);
  return {
    Id: record.id,
    Name: `/${record.name ?? ''}`,
    Image: record.imageId ?? '',
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
    RestartCount: record.restartCount,
    LogPath: logPath,
    Platform: 'linux',
    ExecIDs: null,
    Config: {
      Hostname: spec.hostname,
      Domainname: '',
      User: spec.user,
      Tty: spec.tty,
      OpenStdin: spec.stdin,
      ...((spec.exposedPorts ?? []).length > 0 && { ExposedPorts: keysOnly(spec.exposedPorts) }),
      Env: spec.env,
      Cmd: nullIfEmpty(spec.argv.slice(spec.entrypointLength)),
      Entrypoint: nullIfEmpty(spec.argv.slice(0, spec.entrypointLength)),
      Image: record.image,
      WorkingDir: spec.workingDir,
      OnBuild: null,
      Labels: spec.labels,
      StopSignal: signalName(spec.stopSignal),
      StopTimeout: spec.stopTimeoutSeconds,
      ...inspectHealthcheck(spec),
    },
    HostConfig: {
      AutoRemove: record.autoRemove,
      NanoCpus: spec.cpus * 1e9,
      Memory: spec.memoryMib * 2 ** 20,
      DiskSize: spec.diskBytes,
      ShmSize: spec.shmBytes,
      ...privilegesOf(spec),
      SecurityOpt: nullIfEmpty(securityOptOf(spec)),
      Dns: spec.dns === undefined ? [] : [spec.dns],
      ExtraHosts: nullIfEmpty(spec.extraHosts ?? []),
      Annotations: spec.annotations ?? {},
      PidsLimit: spec.pidsLimit ?? null,
      LogConfig: inspectLog(spec),
      NetworkMode: spec.network ? 'default' : 'none',
      ReadonlyRootfs: spec.readOnlyRoot,
      Init: spec.init,
      ...hostConfigMounts(spec),
      RestartPolicy: dockerPolicy(record),
    },
    Mounts: inspectMounts(spec),
    NetworkSettings: { Ports: {} },
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
      Security: spec.security ?? null,
      Walls: walls ?? null,
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

/** What differs from Docker's default, in its words; a preset may have said it. */
function securityOptOf({ security }: BoxSpec): string[] {
  return [
    ...(security?.noNewPrivileges === true ? ['no-new-privileges'] : []),
    ...(security?.seccomp === false ? ['seccomp=unconfined'] : []),
  ];
}

/** Null for a box that has the home's. */
function kernelOf({ kernel }: BoxSpec): Record<string, unknown> | null {
  if (kernel === undefined) return null;
  const { path, modules = null, version, digest } = kernel;
  return { Path: path, Modules: modules, Version: version, Digest: digest };
}

/** Docker's lists without an item are null. */
function nullIfEmpty(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}

function keysOnly(names: readonly string[] = []): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
