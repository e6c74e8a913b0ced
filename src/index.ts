/** BoxLite as a library: exactly the exports of this file are public. */
export {
  BoxliteError,
  ERROR_CODES,
  type BoxliteErrorOptions,
  type ErrorCode,
  type Remedy,
  type RemedyAction,
} from './errors.js';
export { BoxliteRuntime } from './engine/runtime.js';
export type { ImageRuntime } from './engine/image-runtime.js';
export type { CreateOptions } from './engine/lifecycle/create.js';
export type { BoxliteEvent, EventOptions } from './engine/state/events.js';
export type { WaitResult } from './engine/lifecycle/wait.js';
export type { LiteBox } from './engine/box.js';
export type { BoxReports } from './engine/box-reports.js';
export type { LogEntry, LogOptions } from './engine/report/logs.js';
export type { LogPolicy } from './engine/spec/log-policy.js';
export type { BoxInfo, BoxNetworkInfo, BoxVolumeInfo } from './engine/state/box-info.js';
export type { BoxState } from './engine/state/box-state.js';
export { BoxStatus } from './engine/state/box-status.js';
export type { BoxInspection } from './engine/report/inspect.js';
export {
  BoxCommand,
  type Execution,
  type ByteStream,
  type Duration,
  type ExecResult,
  type LineOptions,
  type OutputHandler,
  type OutputStream,
} from './engine/exec/execution.js';
export type { RunOptions, RunResult } from './engine/exec/run.js';
export type { Environment } from './engine/spec/environment.js';
export type { BoxHealth, HealthCheckResult, HealthStatus } from './engine/state/health.js';
export type { HealthcheckOptions } from './engine/spec/healthcheck.js';
export type {
  MetricsSampler,
  BoxMetrics,
  GuestMetrics,
  HostMetrics,
  MetricsOptions,
} from './engine/report/metrics.js';
export type { BoxProcess } from './engine/report/processes.js';
export type { ProcessUsage } from './engine/report/process-usage.js';
export type { RuntimeMetrics } from './engine/report/runtime-metrics.js';
export type { StartTimings } from './engine/machine/start-timings.js';
export type { CopyOptions, CopyResult } from './engine/files/copy-options.js';
export type { BoxChange } from './engine/files/changes.js';
export type { BoxSize } from './engine/report/box-size.js';
export type { CommitOptions } from './engine/spec/options.js';
export type { PrunedBoxes } from './engine/lifecycle/prune.js';
export type { Ulimit } from './engine/spec/privileges.js';
export type { ProcessorOptions } from './engine/spec/processors.js';
export type {
  PortOptions,
  PortProtocol,
  PublishedPort,
  PublishOptions,
} from './engine/spec/network/ports.js';
export type {
  NetMode,
  NetPolicyOptions,
  NetworkName,
  NetworkPolicy,
} from './engine/spec/network/policy.js';
export type { NetRateOptions } from './engine/spec/network/rates.js';
export type { NetworkLogEntry, NetworkLogOptions } from './engine/report/network-log.js';
export type { NetPolicyChange } from './engine/spec/network/policy-change.js';
export type { NetworkOptions } from './engine/spec/network/named/network-spec.js';
export type { NetworkAttachment } from './engine/spec/network/named/asked-networks.js';
export type { AskedAddresses } from './engine/spec/network/named/addresses.js';
export type { DisconnectOptions } from './engine/networks/disconnect.js';
export type { NetworkInfo, NetworkMember, NetworkSubnet } from './engine/networks/info.js';
export type {
  ConnectOptions,
  NetworkPruneOptions,
  NetworkRuntime,
} from './engine/network-runtime.js';
export type { ResolverOptions } from './engine/spec/network/resolv-conf.js';
export type { DiskUsage, ImageUsage } from './engine/images/disk-usage.js';
export type { HistoryLine } from './engine/images/history.js';
export type { PruneCandidate, PruneOptions } from './engine/images/prune.js';
export type { ImageRemoval, RemovedImage, RemoveImageOptions } from './engine/images/removal.js';
export type {
  ArchiveFormat,
  Healthcheck,
  HistoryEntry,
  LayerEvent,
  ImageConfig,
  ImageDetails,
  ImageInfo,
  ImportOptions,
  LoadedImage,
  LoadEvent,
  LoadOptions,
  PullEvent,
  PullOptions,
  PullResult,
} from './engine/images/images.js';
export type {
  AbortOptions,
  AcceleratorChoice,
  BoxliteOptions,
  BoxOptions,
  ExecOptions,
  IpcMode,
  RemoveOptions,
  RootfsSpec,
  StartOptions,
  StopOptions,
  TerminalSize,
  TmpfsSpec,
  UpdateOptions,
  WaitCondition,
  WaitOptions,
} from './engine/spec/options.js';
export type {
  HostVolumeSpec,
  ImageVolumeSpec,
  NamedVolumeSpec,
  VolumeSpec,
} from './engine/spec/volumes/volume-spec.js';
export type { VolumeOptions } from './engine/spec/volumes/volume-options.js';
export type { VolumeArchiveOptions } from './engine/files/volume/volume-archive.js';
export type { VolumeRuntime } from './engine/volume-runtime.js';
export type { VolumeInfo, VolumeKind } from './engine/volumes/info.js';
export type { PrunedVolumes, VolumePruneOptions } from './engine/volumes/remove.js';
export type {
  LoginRequest,
  LoginResult,
  LogoutResult,
  StoredLogin,
} from './engine/images/registries.js';
export {
  SecurityOptions,
  type SecurityPreset,
  type IsolationPolicy,
} from './engine/spec/security.js';
export type { VmmGroup, VmmIsolation } from './engine/report/isolation.js';
export type { HostIsolation } from './engine/report/host-isolation.js';
export type { RuntimeInfo } from './engine/report/runtime-info.js';
export type { StoreSizes } from './engine/images/store-sizes.js';
export type { SetupEvent, SetupReport, StepResult } from './engine/setup/setup.js';
export type { SetupRequest } from './engine/setup/setup-home.js';
export type {
  DoctorEvent,
  DoctorReport,
  DoctorRequest,
  PreflightProblem,
  PreflightReport,
} from './engine/setup/doctor/doctor.js';
export type { CheckName, CheckResult, CheckStatus } from './engine/setup/doctor/check.js';
export type { BootedBox } from './engine/setup/doctor/box-check.js';
