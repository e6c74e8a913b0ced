/** How much of a command's output is kept; the shim writes it (native/shim/log/output-log.c). */
import { BoxliteError } from '../../errors.js';
import type { BoxSpec } from './box-spec.js';

/** Docker's names: `json-file` and `local` are the same here; `none` keeps nothing. */
export const LOG_DRIVERS = ['json-file', 'local', 'none'] as const;

export interface LogPolicy {
  /** Log driver; default `local`. */
  driver?: (typeof LOG_DRIVERS)[number];
  /** Largest size of a log file in bytes, at least 1,000; −1: no limit. Default 20,000,000. */
  maxBytes?: number;
  /** Number of files kept, at most 1,000: when the last one is full, the oldest is deleted. Default 5. */
  maxFiles?: number;
}

/** A settled policy. */
export type LogSpec = Required<LogPolicy>;

const DEFAULTS: LogSpec = { driver: 'local', maxBytes: 20_000_000, maxFiles: 5 };
const NOTHING: LogSpec = { driver: 'none', maxBytes: 0, maxFiles: 0 };

const NO_LIMIT = -1;
const LEAST_BYTES = 1_000;
export const MOST_LOG_FILES = 1_000;

/** @throws invalid-argument, in Docker's words where they exist */
export function settleLog(given: LogPolicy = {}): LogSpec {
  const { driver = DEFAULTS.driver, maxBytes = DEFAULTS.maxBytes, maxFiles } = given;
  if (driver === 'none') {
    if (given.maxBytes === undefined && maxFiles === undefined) return NOTHING;
    throw invalid('invalid logging opts for driver none');
  }
  if (maxFiles !== undefined) checkFiles(maxFiles);
  if (maxBytes === NO_LIMIT) {
    if ((maxFiles ?? 1) === 1) return { driver, maxBytes, maxFiles: 1 };
    throw invalid(
      'max-file has no meaning without a max-size: a file without a limit is the only one',
    );
  }
  if (!Number.isSafeInteger(maxBytes) || maxBytes <= 0)
    throw invalid('max-size must be a positive number');
  if (maxBytes < LEAST_BYTES) throw invalid(`max-size cannot be less than ${LEAST_BYTES} bytes`);
  return { driver, maxBytes, maxFiles: maxFiles ?? DEFAULTS.maxFiles };
}

/** The policy of a stored box; boxes created before the option existed have the default limits. */
export const logOf = ({ log }: Pick<BoxSpec, 'log'>): LogSpec => log ?? DEFAULTS;

/** Docker's `HostConfig.LogConfig`. */
export function inspectLog(spec: Pick<BoxSpec, 'log'>): { Type: string; Config: object } {
  const { driver, maxBytes, maxFiles } = logOf(spec);
  const config = { 'max-file': String(maxFiles), 'max-size': logSizeText(maxBytes) };
  return { Type: driver, Config: driver === 'none' ? {} : config };
}

/** The notation of `max-size`, whose units are powers of 1000: `20m`. */
export function logSizeText(bytes: number): string {
  const units = [['g', 1e9] as const, ['m', 1e6] as const, ['k', 1e3] as const];
  const [unit, size] = units.find(([, each]) => bytes % each === 0) ?? ['', 1];
  return `${bytes / size}${unit}`;
}

function checkFiles(maxFiles: number): void {
  if (Number.isInteger(maxFiles) && maxFiles >= 1 && maxFiles <= MOST_LOG_FILES) return;
  throw invalid(
    maxFiles < 1
      ? 'max-file cannot be less than 1'
      : `max-file must be a whole number from 1 to ${MOST_LOG_FILES}`,
  );
}

const invalid = (reason: string): BoxliteError => new BoxliteError('invalid-argument', reason);
