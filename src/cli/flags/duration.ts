import { BoxliteError } from '../../errors.js';
import { goDuration, parseGoDuration } from '../../go-duration.js';

/** `1m30s` → whole milliseconds, as in Docker's durations; 0 means the same as no value. */
export function parseDurationMs(text: string): number {
  const ms = parseGoDuration(text);
  if (ms === undefined) throw invalid('must be a duration such as 30s or 1m30s');
  if (ms < 0) throw invalid('cannot be negative');
  if (ms > 0 && ms < 1) throw invalid(`cannot be less than a millisecond, as ${goDuration(ms)} is`);
  return Math.round(ms);
}

function invalid(reason: string): BoxliteError {
  return new BoxliteError('invalid-argument', reason);
}
