import { open } from 'node:fs/promises';
import { decodeMessage, decodeTable, type Message } from '../../agent/codec.js';
import { HEALTH_RECORD, HEALTH_RESULTS, HEALTH_STATUSES, LIMITS } from '../../agent/protocol.js';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { goDuration } from '../../go-duration.js';
import type { Home } from '../../host/home.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { isActive } from '../../store/status.js';
import { specOf } from '../spec/stored-spec.js';

/** `none`: the box has no healthcheck. */
export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** One check of a box's health; the guest reports it, so it is untrusted. */
export interface HealthCheckResult {
  start: Date;
  end: Date;
  /** Exit code of the command; −1 if it timed out or could not be started. */
  exitCode: number;
  /** stdout and stderr of the command, at most 4 KiB. */
  output: string;
}

export interface BoxHealth {
  status: HealthStatus;
  /** Counted failures in a row. */
  failingStreak: number;
  /** The last five checks, oldest first. */
  log: HealthCheckResult[];
}

const NONE: BoxHealth = { status: 'none', failingStreak: 0, log: [] };
const STARTING: BoxHealth = { status: 'starting', failingStreak: 0, log: [] };

/** Five payloads of `health` with their lengths, and the list's count. */
const MOST_BYTES = 4 + LIMITS.HEALTH_CHECKS * (4 + 64 + LIMITS.HEALTH_OUTPUT);

/** The latest that a Date can be. */
const LAST_MS = 8.64e15;

export function hasHealthcheck({ options }: Pick<BoxRecord, 'options'>): boolean {
  return specOf(options).healthcheck !== undefined;
}

/**
 * A box's health according to the checks of its last run. A box that has ended is unhealthy, as in Docker;
 * one that never ran has none.
 * @param record as observed
 */
export async function boxHealth(home: Home, record: BoxRecord): Promise<BoxHealth> {
  const spec = specOf(record.options);
  if (spec.healthcheck === undefined || record.startedAt === null) return NONE;
  const health = await healthRecord(home.boxFile(record.id, 'health'), spec.healthcheck.timeoutMs);
  return isActive(record.status) ? health : { ...health, status: 'unhealthy' };
}

/**
 * Records a changed status of a running box, once however many processes notice.
 * @returns the new status to the process that recorded it, which then reports the change
 */
export function foldHealth(
  database: Database,
  record: Pick<BoxRecord, 'id' | 'startedAt'>,
  { status }: Pick<BoxHealth, 'status'>,
): HealthStatus | undefined {
  if (status === 'none' || record.startedAt === null) return undefined;
  return database.boxes.changeHealth(record.id, record.startedAt, status) ? status : undefined;
}

/** A damaged record counts as empty: the next check replaces it. */
async function healthRecord(path: string, timeoutMs: number): Promise<BoxHealth> {
  const bytes = await readBounded(path);
  if (bytes === undefined) return STARTING;
  try {
    const payloads = decodeTable('health', HEALTH_RECORD, bytes).checks;
    const checks = payloads
      .slice(-LIMITS.HEALTH_CHECKS)
      .map((each) => decodeMessage('health', each));
    const last = checks.at(-1);
    if (last === undefined) return STARTING;
    return {
      status: statusOf(last.status),
      failingStreak: last.streak,
      log: checks.map((check) => resultOf(check, timeoutMs)),
    };
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'protocol') return STARTING;
    throw error;
  }
}

function statusOf(number: number): HealthStatus {
  if (number === HEALTH_STATUSES.HEALTHY) return 'healthy';
  return number === HEALTH_STATUSES.UNHEALTHY ? 'unhealthy' : 'starting';
}

/** Docker's words for a command without an exit code. */
function resultOf(check: Message<'health'>, timeoutMs: number): HealthCheckResult {
  const said = check.output.subarray(0, LIMITS.HEALTH_OUTPUT).toString();
  const late = `Health check exceeded timeout (${goDuration(timeoutMs)})`;
  return {
    start: dateOf(check.startNs),
    end: dateOf(check.endNs),
    exitCode: check.result === HEALTH_RESULTS.EXITED ? check.exitCode & 0xff : -1,
    output:
      check.result === HEALTH_RESULTS.TIMED_OUT ? [late, said].filter(Boolean).join(': ') : said,
  };
}

const dateOf = (ns: bigint): Date => new Date(Math.min(Number(ns / 1_000_000n), LAST_MS));

async function readBounded(path: string): Promise<Buffer | undefined> {
  try {
    await using file = await open(path, 'r');
    const buffer = Buffer.alloc(MOST_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw fileError(error, `read ${path}`);
  }
}
