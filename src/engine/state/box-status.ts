import * as predicates from '../../store/status.js';

/** Where a box is in its life: see the constants of the same name. */
export type BoxStatus = predicates.BoxStatus;

/**
 * The five statuses by name, and what each allows: `BoxStatus.canStart(info.status)`.
 *
 * `create` → configured, `start` → running, `stop` → stopping → stopped; a stopped box starts again.
 */
export const BoxStatus = {
  /** The actual state can't be found out, or is beyond repair: remove the box with `force`. */
  Unknown: 'unknown',
  /** Created and written down; there is no VM yet. */
  Configured: 'configured',
  /** Takes commands. */
  Running: 'running',
  /** On its way to stopped. */
  Stopping: 'stopping',
  /** Not running; can be started again. */
  Stopped: 'stopped',

  /** The VM runs: running or stopping. */
  isActive: predicates.isActive,
  isRunning: predicates.isRunning,
  isConfigured: predicates.isConfigured,
  isStopped: predicates.isStopped,
  /** It will be another in a moment, by itself: stopping. */
  isTransient: predicates.isTransient,
  /** Configured or stopped. */
  canStart: predicates.canStart,
  /** Running. */
  canStop: predicates.canStop,
  /** Configured, stopped or unknown. */
  canRemove: predicates.canRemove,
  /** Commands may be run, after a start where one is needed: configured, running or stopped. */
  canRun: predicates.canRun,
} as const satisfies Record<string, BoxStatus | ((status: BoxStatus) => boolean)>;
