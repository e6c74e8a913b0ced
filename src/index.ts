/** BoxLite as a library: what is exported here is the public surface, and nothing else is. */
export { BoxliteError, ERROR_CODES, type ErrorCode } from './errors.js';
export { BoxliteRuntime } from './engine/runtime.js';
export type { CreateOptions } from './engine/create.js';
export type { BoxliteEvent, EventOptions } from './engine/events.js';
export type { WaitResult } from './engine/wait.js';
export { LiteBox } from './engine/box.js';
export type { LogEntry, LogOptions } from './engine/logs.js';
export type { LogPolicy } from './engine/log-policy.js';
export type { BoxInfo } from './engine/box-info.js';
export type { BoxState } from './engine/box-state.js';
export { BoxStatus } from './engine/box-status.js';
export type { BoxInspection } from './engine/inspect.js';
export {
  BoxCommand,
  Execution,
  type ByteStream,
  type Duration,
  type ExecResult,
  type LineOptions,
  type OutputHandler,
  type OutputStream,
} from './engine/execution.js';
export type { BoxHealth, HealthCheckResult, HealthStatus } from './engine/health.js';
export type { HealthcheckOptions } from './engine/healthcheck.js';
export {
  MetricsSampler,
  type BoxMetrics,
  type GuestMetrics,
  type HostMetrics,
  type MetricsOptions,
} from './engine/metrics.js';
export type { BoxProcess } from './engine/processes.js';
export type { ProcessUsage } from './engine/process-usage.js';
export type { RuntimeMetrics } from './engine/runtime-metrics.js';
export type { StartTimings } from './engine/start-timings.js';
export type { CopyOptions, CopyResult } from './engine/copy-options.js';
export type { BoxChange } from './engine/changes.js';
export type { BoxSize } from './engine/box-size.js';
export type { CommitOptions } from './engine/commit.js';
export type { PrunedBoxes } from './engine/box-prune.js';
export type { Ulimit } from './engine/privileges.js';
export type { ProcessorOptions } from './engine/processors.js';
export type { ResolverOptions } from './engine/resolv-conf.js';
export type { DiskUsage, ImageUsage } from './engine/disk-usage.js';
export type { HistoryLine } from './engine/image-history.js';
export type { PruneCandidate, PruneOptions } from './engine/image-prune.js';
export type { ImageRemoval, RemovedImage, RemoveImageOptions } from './engine/image-removal.js';
export type {
  ArchiveFormat,
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
} from './engine/images.js';
export type {
  AcceleratorChoice,
  BoxliteOptions,
  BoxOptions,
  IpcMode,
  RemoveOptions,
  RootfsSpec,
  StartOptions,
  StopOptions,
  TerminalSize,
  TmpfsSpec,
  VolumeSpec,
  UpdateOptions,
  WaitCondition,
  WaitOptions,
} from './engine/options.js';
export type { LoginRequest, LoginResult, LogoutResult, StoredLogin } from './engine/registries.js';
export { SecurityOptions, type SecurityPreset, type WallPolicy } from './engine/security.js';
export type { Walls } from './engine/walls.js';
export type { HostWall } from './engine/host-walls.js';
export type { RuntimeInfo } from './engine/runtime-info.js';
export type { StoreSizes } from './engine/store-sizes.js';
export type { SetupEvent, SetupReport, StepResult } from './engine/setup.js';
export type { SetupRequest } from './engine/setup-home.js';
export {
  canRemove,
  canRun,
  canStart,
  canStop,
  isActive,
  isConfigured,
  isRunning,
  isStopped,
  isTransient,
} from './store/status.js';
