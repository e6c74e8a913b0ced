import type { Home } from '../home.js';
import type { BoxRecord } from '../store/box-record.js';
import { isActive } from '../store/status.js';
import { specOf } from './box-spec.js';

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

export function inspectBox(home: Home, record: BoxRecord): BoxInspection {
  const spec = specOf(record.options);
  const running = isActive(record.status);
  return {
    Id: record.id,
    Name: record.name ?? '',
    Image: record.imageId ?? '',
    Created: new Date(record.createdAt).toISOString(),
    Path: spec.argv[0] ?? '',
    Args: spec.argv.slice(1),
    State: {
      Status: dockerStatus(record),
      Running: running,
      Paused: false,
      Restarting: false,
      OOMKilled: record.oomKilled,
      Dead: false,
      Pid: running ? (record.pid ?? 0) : 0,
      ExitCode: record.exitCode ?? 0,
      Error: record.error ?? '',
      StartedAt: timeOf(record.startedAt),
      FinishedAt: timeOf(record.finishedAt),
    },
    RestartCount: record.restartCount,
    LogPath: home.boxFile(record.id, 'log'),
    Config: {
      Hostname: spec.hostname,
      User: spec.user,
      Tty: spec.tty,
      OpenStdin: spec.stdin,
      Env: spec.env,
      Cmd: spec.argv.slice(spec.entrypointLength),
      Entrypoint: spec.entrypointLength === 0 ? null : spec.argv.slice(0, spec.entrypointLength),
      Image: record.image,
      WorkingDir: spec.workingDir,
      Labels: spec.labels,
      StopSignal: spec.stopSignal,
      StopTimeout: spec.stopTimeoutSeconds,
    },
    HostConfig: {
      AutoRemove: record.autoRemove,
      NanoCpus: spec.cpus * 1e9,
      Memory: spec.memoryMib * 2 ** 20,
      DiskSize: spec.diskBytes,
      ShmSize: spec.shmBytes,
      NetworkMode: spec.network ? 'default' : 'none',
      ReadonlyRootfs: spec.readOnlyRoot,
      Init: spec.init,
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    },
    Mounts: [],
    NetworkSettings: { Ports: {} },
    Boxlite: {
      ContainerId: record.containerId,
      LockId: record.lockId,
      ShimPid: running ? record.shimPid : null,
      Accelerator: record.accelerator,
      Template: record.templateKey,
      StartTimings: record.timings,
      StartCount: record.startCount,
      Directory: home.box(record.id),
    },
  };
}

function dockerStatus(record: BoxRecord): string {
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

const timeOf = (ms: number | null): string => (ms === null ? NEVER : new Date(ms).toISOString());
