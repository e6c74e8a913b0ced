/** BoxLite as a library: what is exported here is the public surface, and nothing else is. */
export { BoxliteError, type ErrorCode } from './errors.js';
export { BoxliteRuntime, type CreateOptions } from './engine/runtime.js';
export { LiteBox, type LogEntry, type LogOptions } from './engine/box.js';
export type { BoxInfo, BoxStatus } from './engine/box-info.js';
export type { BoxInspection } from './engine/inspect.js';
export { BoxCommand, Execution, type ExecResult } from './engine/execution.js';
export type {
  ImageConfig,
  ImageDetails,
  ImageInfo,
  ImportOptions,
  LoadedImage,
  PullEvent,
  PullOptions,
  PullResult,
} from './engine/images.js';
export type {
  AcceleratorChoice,
  BoxliteOptions,
  BoxOptions,
  RemoveOptions,
  RootfsSpec,
  StartOptions,
  StopOptions,
  TerminalSize,
} from './engine/options.js';
export type { RuntimeInfo } from './engine/runtime-info.js';
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
