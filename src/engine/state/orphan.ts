import { readlink } from 'node:fs/promises';
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
  // If the directory is deleted, so is the record; the supervisor still has it as its working directory.
  if (shimPid === null) return undefined;
  const shim = identifyProcess(shimPid);
  return shim && (await worksInDeleted(shimPid, basename(directory))) ? shim : undefined;
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

/** The kernel marks a deleted working directory; ids are never reused. */
async function worksInDeleted(pid: number, box: string): Promise<boolean> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  return directory.endsWith(`/${box} (deleted)`);
}
