/**
 * Keys of Docker's `inspect` in the order of its structs, with their zero values; undefined marks keys that
 * Docker omits.
 */

export const NO_CONFIG = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  ExposedPorts: undefined,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: [],
  Cmd: null,
  Healthcheck: undefined,
  Image: '',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  NetworkDisabled: undefined,
  OnBuild: undefined,
  Labels: {},
  StopSignal: undefined,
  StopTimeout: undefined,
  Shell: undefined,
};

/** The namespaces are those of a box's first process. */
export const NO_HOST_CONFIG = {
  Binds: null,
  ContainerIDFile: '',
  LogConfig: undefined,
  NetworkMode: '',
  PortBindings: {},
  RestartPolicy: undefined,
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  Annotations: undefined,
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: 'private',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  StorageOpt: undefined,
  Tmpfs: undefined,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 0,
  Sysctls: undefined,
  Runtime: undefined,
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: null,
  PidsLimit: null,
  Ulimits: [],
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  Mounts: undefined,
  MaskedPaths: null,
  ReadonlyPaths: null,
  Init: undefined,
};

/** The values of a box in Docker's order; keys unknown to Docker come last. */
export function inDockersOrder(
  zeros: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries({ ...zeros, ...values });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A map in Go's printing order. */
export function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A set in Go's printing order. */
export function keysOnly(names: readonly string[] = []): Record<string, object> {
  return sorted(Object.fromEntries(names.map((name) => [name, {}])));
}
