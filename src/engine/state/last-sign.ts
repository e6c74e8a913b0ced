import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * When something of a box's last run was written for the last time: its records, output, console, disk. An end
 * without a record has no better time. The same at each look, as long as nothing runs.
 * @param sinceMs the run's beginning
 */
export function lastSignMs(directory: string, sinceMs: number): number {
  const times = filesOf(directory).map(writtenAt);
  return Math.min(Math.max(sinceMs, ...times), Date.now());
}

/** A directory that can't be read counts as one that is not there. */
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
