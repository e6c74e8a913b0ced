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

/** What is known of a box's supervisor when it can't be asked. */
type Known = Pick<BoxRecord, 'id' | 'name' | 'shimPid'>;

/**
 * A supervisor that runs its VM and accepts no connection any more: its socket is deleted, or the whole
 * directory of its box. That no process answers does not mean that nothing runs.
 * @param directory the box's
 */
export async function orphanedShim(
  directory: string,
  { shimPid }: Pick<Known, 'shimPid'>,
): Promise<ProcessIdentity | undefined> {
  const record = await startedRecord(directory).catch(() => undefined);
  // Once its VM has ended, a supervisor takes its socket away by itself.
  const alive = record && statOf(record.shim);
  if (alive && !alive.exiting && readStat(record.vmmPid)?.parentPid === record.shim.pid)
    return record.shim;
  // Where the directory is gone, so is that record; but the supervisor still works in there.
  if (shimPid === null) return undefined;
  const shim = identifyProcess(shimPid);
  return shim && (await worksInDeleted(shimPid, basename(directory))) ? shim : undefined;
}

/** @throws box-state when such a supervisor is there, saying how to end it */
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

/** The kernel says so of a directory that is not there any more; ids are used once. */
async function worksInDeleted(pid: number, box: string): Promise<boolean> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  return directory.endsWith(`/${box} (deleted)`);
}
