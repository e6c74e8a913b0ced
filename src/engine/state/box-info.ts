import type { BoxRecord } from '../../store/box-record.js';
import type { EndpointRecord } from '../../store/endpoints.js';
import { type BoxStatus, isActive } from '../../store/status.js';
import { livePorts, networkName } from '../spec/network/box-network.js';
import type { NetworkName } from '../spec/network/policy.js';
import type { PublishedPort } from '../spec/network/ports.js';
import { specOf } from '../spec/stored-spec.js';
import { type BoxVolume, isImageMount, isVolumeMount } from '../spec/volumes/box-volume.js';
import type { HealthStatus } from './health.js';
import type { ObservedBox } from './observe.js';

export type { BoxStatus } from '../../store/status.js';

/** The public properties of a box at the time of the call; plain values that do not change later. */
export interface BoxInfo {
  /** ULID, lower case. */
  id: string;
  /** From the caller, else chosen at random. */
  name: string | undefined;
  /**
   * The actual state, even after processes were killed; see `BoxStatus.canStart(info.status)` and similar.
   */
  status: BoxStatus;
  createdAt: Date;
  /** When anything stored about the box last changed. */
  lastUpdated: Date;
  /** Its processors are stopped; it counts as running. */
  paused: boolean;
  /** It has ended, and its restart policy will start it again; it counts as stopped. */
  restarting: boolean;
  /** How often its restart policy has started it since the last start by a user. */
  restartCount: number;
  /** Pid of the VMM; undefined if the box does not run. */
  pid: number | undefined;
  /** The image's name as the user wrote it. */
  image: string;
  /** Digest of the image's configuration. */
  imageId: string | undefined;
  /** Entrypoint and command; for an idle box its image's, which do not run. */
  command: string[];
  /** It has no command of its own; it waits for commands of `exec`. */
  idle: boolean;
  cpus: number;
  memoryMib: number;
  /** Labels of the image and of the caller. */
  labels: Record<string, string>;
  /** Exit code of the last run, 0 … 255; undefined before its end. */
  exitCode: number | undefined;
  /** The guest ran out of memory and killed the box's command. */
  oomKilled: boolean;
  /** When the last run started. */
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  /** The box is removed when its command has ended. */
  autoRemove: boolean;
  /** Its command has a terminal. */
  tty: boolean;
  /** Its command reads what attached clients send. */
  stdinOpen: boolean;
  /** Result of the box's healthcheck; `none` without one, and before the first start. */
  health: HealthStatus;
  /** `default`, `none`, `public` or `internal`. */
  network?: NetworkName;
  /** The networks with names that it is in, in the order of attachment. */
  networks?: readonly BoxNetworkInfo[];
  /** Why it has lost its network, which its next start gives back; undefined while it has it. */
  networkError?: string;
  /** Platform of its image: `linux/amd64`. */
  platform?: string;
  /** Exposed ports, `80/tcp` each, published or not; empty unless the box runs and has a network. */
  exposedPorts?: readonly string[];
  /** Published ports, where the host listens for them; empty unless the box runs. */
  ports?: readonly PublishedPort[];
  /** The volumes, and the host's directories and files, that are mounted in it. */
  volumes?: readonly BoxVolumeInfo[];
}

/** What is mounted in a box: of the host by its path, or a volume by its name. */
export type BoxVolumeInfo = { guestPath: string; readOnly: boolean; watch?: true } & (
  | { hostPath: string; name?: undefined; image?: undefined }
  | { name: string; hostPath?: undefined; image?: undefined }
  | { image: string; name?: undefined; hostPath?: undefined }
);

/** A network with a name that a box is in. */
export interface BoxNetworkInfo {
  /** 64 hex digits. */
  id: string;
  name: string;
  /** The box's there, IPv4 and IPv6, whether it runs or not. */
  address: string;
  address6: string;
  aliases: readonly string[];
}

/**
 * @param record as `observed` returns it
 * @param endpoints the box's, in the order of attachment
 */
export function boxInfo(
  record: BoxRecord & Partial<Pick<ObservedBox, 'restarting' | 'networkError'>>,
  endpoints: readonly EndpointRecord[] = [],
): BoxInfo {
  const spec = specOf(record.options);
  const live = livePorts(
    spec,
    record.ports,
    isActive(record.status) && record.networkError === undefined,
  );
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
    networks: endpoints.map(({ networkId, network, address, address6, aliases }) => ({
      ...{ id: networkId, name: network, address, address6, aliases },
    })),
    ...(record.networkError !== undefined && { networkError: record.networkError }),
    ...(spec.platform !== undefined && { platform: spec.platform }),
    exposedPorts: live.exposed,
    ports: live.published,
    volumes: spec.volumes.map(volumeOf),
  };
}

function volumeOf(mount: BoxVolume): BoxVolumeInfo {
  const { target: guestPath, readOnly, watch } = mount;
  const place = { guestPath, readOnly, ...(watch && { watch }) };
  if (isImageMount(mount)) return { image: mount.image, ...place };
  return isVolumeMount(mount)
    ? { name: mount.name, ...place }
    : { hostPath: mount.source, ...place };
}

const dateOf = (ms: number | null): Date | undefined => (ms === null ? undefined : new Date(ms));
