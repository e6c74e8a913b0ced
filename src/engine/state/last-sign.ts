import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The time of the last write of a box's last run: records, output, console, disk. It is the best estimate for
 * an unrecorded end, and stable as long as nothing runs.
 * @param sinceMs the run's beginning
 */
export function lastSignMs(directory: string, sinceMs: number): number {
  const times = filesOf(directory).map(writtenAt);
  return Math.min(Math.max(sinceMs, ...times), Date.now());
}

/** An unreadable directory counts as missing. */
function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function writtenAt(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? Math.floor(stats.mtimeMs) : 0;
}
