import type { BoxRecord } from '../../store/box-record.js';
import { type BoxStatus, isActive } from '../../store/status.js';
import { livePorts, networkName } from '../spec/network/box-network.js';
import type { VolumeSpec } from '../spec/options.js';
import { specOf } from '../spec/stored-spec.js';
import type { HealthStatus } from './health.js';

export type { BoxStatus } from '../../store/status.js';

/** What is publicly known of a box, as it was when asked: plain values, none of which change later. */
export interface BoxInfo {
  /** ULID, lower case. */
  id: string;
  /** Given by the caller, else chosen at random. */
  name: string | undefined;
  /** The actual state, whatever was killed; see `BoxStatus.canStart(info.status)` and its like. */
  status: BoxStatus;
  createdAt: Date;
  /** Of the last change of anything that is kept of the box. */
  lastUpdated: Date;
  /** Its processors stand still; it counts as running. */
  paused: boolean;
  /** It has ended, and its restart policy is about to start it again; it counts as stopped. */
  restarting: boolean;
  /** How often its restart policy has started it since a user did. */
  restartCount: number;
  /** Of the VMM; undefined when the box does not run. */
  pid: number | undefined;
  /** As the user wrote it. */
  image: string;
  /** Digest of the image's configuration. */
  imageId: string | undefined;
  /** Entrypoint and command; of an idle box its image's, which does not run. */
  command: string[];
  /** It has no command of its own, and waits for those that come by `exec`. */
  idle: boolean;
  cpus: number;
  memoryMib: number;
  /** The image's and the caller's. */
  labels: Record<string, string>;
  /** Of the last run, 0 … 255; undefined before its end. */
  exitCode: number | undefined;
  /** The guest ran out of memory and ended the box's command. */
  oomKilled: boolean;
  /** Of the last run. */
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  /** The box is removed when its command has ended. */
  autoRemove: boolean;
  /** Its command has a terminal. */
  tty: boolean;
  /** Its command reads what attached clients send. */
  stdinOpen: boolean;
  /** What the box's healthcheck says; none without one, and before its first start. */
  health: HealthStatus;
  /** `default` or `none`. */
  network?: string;
  /** Of its image: `linux/amd64`. */
  platform?: string;
  /** What its command listens at, `80/tcp` each; none unless it runs, and has a network. */
  ports?: readonly string[];
  /** The host's directories and files that it has. */
  volumes?: readonly Required<Pick<VolumeSpec, 'hostPath' | 'guestPath' | 'readOnly'>>[];
}

/** @param record as `observed` gives it */
export function boxInfo(record: BoxRecord & { restarting?: boolean }): BoxInfo {
  const spec = specOf(record.options);
  return {
    id: record.id,
    name: record.name ?? undefined,
    status: record.status,
    paused: record.paused,
    restarting: record.restarting === true,
    restartCount: record.restartCount,
    createdAt: new Date(record.createdAt),
    lastUpdated: new Date(record.updatedAt),
    pid: isActive(record.status) ? (record.pid ?? undefined) : undefined,
    image: record.image,
    imageId: record.imageId ?? undefined,
    command: spec.argv,
    idle: spec.idle,
    cpus: spec.cpus,
    memoryMib: spec.memoryMib,
    labels: spec.labels,
    exitCode: record.exitCode ?? undefined,
    oomKilled: record.oomKilled,
    startedAt: dateOf(record.startedAt),
    finishedAt: dateOf(record.finishedAt),
    autoRemove: record.autoRemove,
    tty: spec.tty,
    stdinOpen: spec.stdin,
    health: (record.health ?? 'none') as HealthStatus,
    network: networkName(spec),
    ...(spec.platform !== undefined && { platform: spec.platform }),
    ports: livePorts(spec, isActive(record.status)),
    volumes: spec.volumes.map(({ source, target, readOnly }) => ({
      hostPath: source,
      guestPath: target,
      readOnly,
    })),
  };
}

const dateOf = (ms: number | null): Date | undefined => (ms === null ? undefined : new Date(ms));
