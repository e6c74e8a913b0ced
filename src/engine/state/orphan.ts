import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { BoxliteError } from '../../errors.js';
import {
  identifyProcess,
  type ProcessIdentity,
  readStat,
  statOf,
} from '../../host/process-identity.js';
import type { BoxRecord } from '../../store/box-record.js';
import { startedRecord } from '../machine/records.js';
import { shimDirectory } from '../machine/shim-directory.js';

/** What is known about a supervisor that does not answer. */
type Known = Pick<BoxRecord, 'id' | 'name' | 'shimPid'>;

/**
 * A supervisor that runs its VM but accepts no connection: its socket, or the whole directory of its box, was
 * deleted. So the lack of an answer does not prove that nothing runs.
 * @param directory the box's
 */
export async function orphanedShim(
  directory: string,
  { shimPid }: Pick<Known, 'shimPid'>,
): Promise<ProcessIdentity | undefined> {
  const record = await startedRecord(directory).catch(() => undefined);
  // A supervisor removes its socket itself once its VM has ended.
  const alive = record && statOf(record.shim);
  if (alive && !alive.exiting && readStat(record.vmmPid)?.parentPid === record.shim.pid)
    return record.shim;
  // If the directory is deleted, so is the record.
  if (shimPid === null) return undefined;
  const shim = identifyProcess(shimPid);
  return shim && (await worksInDeleted(shimPid, directory)) ? shim : undefined;
}

/** @throws box-state if such a supervisor exists, saying how to end it */
export async function refuseOrphan(directory: string, record: Known): Promise<void> {
  const shim = await orphanedShim(directory, record);
  if (shim === undefined) return;
  const name = record.name ?? record.id;
  throw new BoxliteError(
    'box-state',
    `box ${name} runs, but can't be reached: its files in ${directory} have been deleted`,
    { hint: `end it (process ${shim.pid})`, remedy: { action: 'remove', box: name } },
  );
}

/** The ids of boxes, which name their directories, are never reused. */
async function worksInDeleted(pid: number, directory: string): Promise<boolean> {
  const its = await shimDirectory(pid);
  return its !== undefined && basename(its) === basename(directory) && !existsSync(directory);
}
