import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { canRemove, isActive, isStopped } from '../../store/status.js';
import { sweepAfterBox } from '../images/sweep.js';
import { crashPoint } from '../machine/crash-point.js';
import { removeLeftGroup } from '../machine/left-group.js';
import { endLeftMachine } from '../machine/left-machine.js';
import type { RemoveOptions } from '../spec/options.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { isSeenTo, observed, settle } from '../state/observe.js';
import { isRestartDue } from '../state/restart-decision.js';
import { endWaitingShim } from '../state/shim-end.js';
import { unknownState } from '../state/state-error.js';
import { deleteTrash, moveToTrash } from '../state/trash.js';
import { deleteForgotten } from '../volumes/files.js';
import { hasLastingFiles } from '../volumes/lasting-files.js';
import { endVmm } from './stop.js';

/** @throws box-running unless `force` */
export async function removeBox(
  context: EngineContext,
  id: string,
  { force = false, volumes = false }: RemoveOptions = {},
): Promise<void> {
  await using _lock = await lockBox(context, id, 'remove');
  crashPoint('remove:locked');
  const record = await settled(context, id, force);
  if (isActive(record.status)) {
    if (!force)
      throw refusal(record, record.paused ? 'paused and must be unpaused first' : record.status);
  } else if (!canRemove(record.status))
    throw new BoxliteError('box-state', `box ${id} can't be removed: it is ${record.status}`);
  else if (!force && isRestartDue(record) && (await isSeenTo(context.home, id)))
    throw refusal(record, 'restarting: stop the box before removing or force remove');
  // From now on its restart policy does not start it again.
  if (record.wanted) context.database().boxes.update(id, { wanted: false });
  // Also for a stopped box: its VM may still be writing back, also what nobody needs.
  const withAnonymous = volumes || record.autoRemove;
  await endVmm(context, id, { writesBack: hasLastingFiles(context, record, withAnonymous) });
  await endWaitingShim(context, record);
  await endLeftMachine(context.home, id);
  await removeLeftGroup(context.home.box(id));
  crashPoint('remove:vmm-ended');
  await forget(context, id, withAnonymous);
  await sweepAfterBox(context, record);
}

function refusal(record: BoxRecord, state: string): BoxliteError {
  return new BoxliteError(
    'box-running',
    `cannot remove box "${record.name ?? record.id}": it is ${state}`,
    { hint: 'stop it first, or use -f to kill and remove it' },
  );
}

/** Removes a box with `autoRemove` that has ended; one that was started again is removed at its next end. */
export async function removeIfEnded(context: EngineContext, id: string): Promise<void> {
  try {
    await removeBox(context, id);
  } catch (error) {
    const code = error instanceof BoxliteError ? error.code : undefined;
    // Another process has removed it, or it runs again.
    if (code !== 'box-not-found' && code !== 'box-running') throw error;
  }
}

/** Frees the name of an ended box with `autoRemove` whose hook was killed. */
export async function freeName(context: EngineContext, name: string): Promise<void> {
  const holder = context.database().boxes.named(name);
  if (holder?.autoRemove !== true) return;
  const { status } = await observed(context.home, holder);
  if (isStopped(status)) await removeIfEnded(context, holder.id);
}

/** With force, a box whose actual state is unknown is removed as well. */
async function settled(context: EngineContext, id: string, force: boolean) {
  const record = currentRecord(context, id);
  try {
    return await settle(context.home, context.database(), record);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    if (force) return record;
    throw unknownState({ ...record, error: error.message });
  }
}

/**
 * Rename, delete the record, delete the files: wherever this is killed, no half-deleted directory looks like
 * a box.
 */
async function forget(context: EngineContext, id: string, withVolumes: boolean): Promise<void> {
  await moveToTrash(context.home, id);
  crashPoint('remove:renamed');
  const volumes = recordRemoval(context.database(), id, withVolumes);
  crashPoint('remove:forgotten');
  await deleteTrash(context.home, id);
  for (const name of volumes) await deleteVolume(context, name);
  crashPoint('remove:deleted');
}

/** The box and the volume are removed, whatever becomes of the files; later removals try them again. */
async function deleteVolume(context: EngineContext, name: string): Promise<void> {
  try {
    await deleteForgotten(context, name);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    context.onNotice(`files of the removed volume ${name} are left: ${error.message}`);
  }
}

/** In one transaction. @returns the anonymous volumes that went with the box */
function recordRemoval(database: Database, id: string, withVolumes: boolean): string[] {
  const volumes = withVolumes ? database.volumeUses.anonymousOf(id) : [];
  const remove = (): string[] => {
    // One that was killed for its removal has no other record of its end.
    if (isActive(database.boxes.get(id)?.status ?? 'stopped')) {
      database.endpoints.addEvents(id, 'disconnect', Date.now());
      database.volumeUses.addEvents(id, 'unmount', Date.now());
    }
    database.boxes.remove(id, ['unknown', 'configured', 'running', 'stopping', 'stopped']);
    return volumes.filter((name) => database.volumes.removeUnused(name));
  };
  // On the disk before the files go: a volume must not come back without them.
  return volumes.length > 0 ? database.writeToDisk(remove) : database.write(remove);
}
