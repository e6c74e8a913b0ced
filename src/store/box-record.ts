import { BoxliteError } from '../errors.js';
import { flag, integer, json, nullable, type Row, text } from './row.js';
import { type BoxStatus, isBoxStatus } from './status.js';

/** Everything recorded about a box. Times are ms since the epoch; null means "not, or not yet". */
export interface BoxRecord {
  /** A lower-case ULID. */
  id: string;
  name: string | null;
  status: BoxStatus;
  createdAt: number;
  /** When any field last changed. */
  updatedAt: number;
  /** As the user gave it. */
  image: string;
  manifestDigest: string | null;
  imageId: string | null;
  /** JSON; the engine parses it. */
  options: unknown;
  /** The VMM's pid. */
  pid: number | null;
  shimPid: number | null;
  /** 64 hex digits. */
  containerId: string;
  /** Unique among existing boxes and as small as possible: determines ports, uids and the like. */
  lockId: number;
  autoRemove: boolean;
  exitCode: number | null;
  exitSignal: number | null;
  oomKilled: boolean;
  /** Why the last start or run failed, for users. */
  error: string | null;
  startedAt: number | null;
  finishedAt: number | null;
  startCount: number;
  /** How often its restart policy has started it since a user last did. */
  restartCount: number;
  /** How many milliseconds its shim waits before the next restart. */
  restartDelayMs: number;
  /** Its CPUs are stopped. */
  paused: boolean;
  /** A user started it, and nobody has stopped it since. */
  wanted: boolean;
  /** JSON: how long each stage of the last start took. */
  timings: unknown;
  /** JSON: the published ports of the last run, with the host ports that the system chose. */
  ports: unknown;
  accelerator: string | null;
  templateKey: string | null;
  /**
   * Commands started beside the box's own, and those that failed to start; CounterTable counts
   * them.
   */
  commandsExecuted: number;
  execErrors: number;
  /** Health of the current run, as last recorded: starting, healthy, unhealthy. */
  health: string | null;
}

/** The initial fields of a box, whose status becomes `configured`. */
export type NewBox = Pick<BoxRecord, 'id' | 'image' | 'options' | 'containerId'> &
  Partial<Pick<BoxRecord, 'name' | 'manifestDigest' | 'imageId' | 'autoRemove'>>;

/** What may change later, besides status and name; missing fields keep their values. */
export type BoxPatch = Partial<
  Omit<
    BoxRecord,
    | 'id'
    | 'name'
    | 'status'
    | 'createdAt'
    | 'updatedAt'
    | 'containerId'
    | 'lockId'
    | 'commandsExecuted'
    | 'execErrors'
    | 'health'
  >
>;

/** The column of each field in a patch. */
export const PATCH_COLUMNS: Record<keyof BoxPatch, string> = {
  image: 'image',
  manifestDigest: 'manifest_digest',
  imageId: 'image_id',
  options: 'options',
  pid: 'pid',
  shimPid: 'shim_pid',
  autoRemove: 'auto_remove',
  exitCode: 'exit_code',
  exitSignal: 'exit_signal',
  oomKilled: 'oom_killed',
  error: 'error',
  startedAt: 'started_at',
  finishedAt: 'finished_at',
  startCount: 'start_count',
  restartCount: 'restart_count',
  restartDelayMs: 'restart_delay',
  paused: 'paused',
  wanted: 'wanted',
  timings: 'timings',
  ports: 'ports',
  accelerator: 'accelerator',
  templateKey: 'template_key',
};

export function parseBox(row: Row): BoxRecord {
  return {
    id: text(row, 'id'),
    name: nullable(text, row, 'name'),
    status: status(row, 'status'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
    image: text(row, 'image'),
    manifestDigest: nullable(text, row, 'manifest_digest'),
    imageId: nullable(text, row, 'image_id'),
    options: json(row, 'options'),
    pid: nullable(integer, row, 'pid'),
    shimPid: nullable(integer, row, 'shim_pid'),
    containerId: text(row, 'container_id'),
    lockId: integer(row, 'lock_id'),
    autoRemove: flag(row, 'auto_remove'),
    exitCode: nullable(integer, row, 'exit_code'),
    exitSignal: nullable(integer, row, 'exit_signal'),
    oomKilled: flag(row, 'oom_killed'),
    error: nullable(text, row, 'error'),
    startedAt: nullable(integer, row, 'started_at'),
    finishedAt: nullable(integer, row, 'finished_at'),
    startCount: integer(row, 'start_count'),
    restartCount: integer(row, 'restart_count'),
    restartDelayMs: integer(row, 'restart_delay'),
    paused: flag(row, 'paused'),
    wanted: flag(row, 'wanted'),
    timings: nullable(json, row, 'timings'),
    ports: nullable(json, row, 'ports'),
    accelerator: nullable(text, row, 'accelerator'),
    templateKey: nullable(text, row, 'template_key'),
    commandsExecuted: integer(row, 'commands_executed'),
    execErrors: integer(row, 'exec_errors'),
    health: nullable(text, row, 'health'),
  };
}

function status(row: Row, column: string): BoxStatus {
  const value = text(row, column);
  if (isBoxStatus(value)) return value;
  throw new BoxliteError('store-corrupt', `the database holds the unknown box status "${value}"`);
}
