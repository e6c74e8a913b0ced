import * as predicates from '../../store/status.js';

/** The stage of a box's life: see the constants of the same name. */
export type BoxStatus = predicates.BoxStatus;

/**
 * The five statuses by name, and what each allows: `BoxStatus.canStart(info.status)`.
 *
 * `create` → configured, `start` → running, `stop` → stopping → stopped; a stopped box starts again.
 */
export const BoxStatus = {
  /** The actual state is unknown or beyond repair: remove the box with `force`. */
  Unknown: 'unknown',
  /** Created and recorded; there is no VM yet. */
  Configured: 'configured',
  /** Runs, and accepts commands. */
  Running: 'running',
  /** Being stopped. */
  Stopping: 'stopping',
  /** Not running; can be started again. */
  Stopped: 'stopped',

  /** The VM runs: running or stopping. */
  isActive: predicates.isActive,
  isRunning: predicates.isRunning,
  isConfigured: predicates.isConfigured,
  isStopped: predicates.isStopped,
  /** It will change by itself in a moment: stopping. */
  isTransient: predicates.isTransient,
  /** Configured or stopped. */
  canStart: predicates.canStart,
  /** Running. */
  canStop: predicates.canStop,
  /** Configured, stopped or unknown. */
  canRemove: predicates.canRemove,
  /** Commands can run, after a start if needed: configured, running or stopped. */
  canRun: predicates.canRun,
} as const satisfies Record<string, BoxStatus | ((status: BoxStatus) => boolean)>;
