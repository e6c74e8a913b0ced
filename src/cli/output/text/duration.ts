const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_HOURS = 24;
const WEEK_HOURS = 7 * DAY_HOURS;
const MONTH_HOURS = 30 * DAY_HOURS;
const YEAR_HOURS = 365 * DAY_HOURS;

/** A time span in words, as Docker prints it: `3 minutes`, `About an hour`. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / SECOND_MS);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(durationMs / MINUTE_MS);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  // Docker rounds the hours and derives all larger units but years from them.
  const hours = Math.trunc(durationMs / HOUR_MS + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 2 * DAY_HOURS) return `${hours} hours`;
  if (hours < 2 * WEEK_HOURS) return `${Math.trunc(hours / DAY_HOURS)} days`;
  if (hours < 2 * MONTH_HOURS) return `${Math.trunc(hours / WEEK_HOURS)} weeks`;
  if (hours < 2 * YEAR_HOURS) return `${Math.trunc(hours / MONTH_HOURS)} months`;
  return `${Math.trunc(durationMs / HOUR_MS / YEAR_HOURS)} years`;
}
