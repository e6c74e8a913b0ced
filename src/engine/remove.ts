import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import { canRemove, isActive } from '../store/status.js';
import { currentRecord, lockBox, type EngineContext } from './context.js';
import { settle } from './observe.js';
import type { RemoveOptions } from './options.js';
import { killVmm } from './stop.js';

const REMOVED = '.removed-';

/** @throws box-running unless `force` */
export async function removeBox(
  context: EngineContext,
  id: string,
  { force = false }: RemoveOptions,
): Promise<void> {
  await using _lock = await lockBox(context, id, 'remove');
  const record = await settled(context, id, force);
  if (isActive(record.status)) {
    if (!force)
      throw new BoxliteError(
        'box-running',
        `cannot remove box "${record.name ?? id}": it is ${record.status}`,
        { hint: 'stop it first, or use -f to kill and remove it' },
      );
  } else if (!canRemove(record.status))
    throw new BoxliteError('box-state', `box ${id} can't be removed: it is ${record.status}`);
  // Also for a stopped box: its VM may still be writing back what nobody will read.
  await killVmm(context, id);
  await forget(context, id);
}

/** With force, a box whose truth can't be had is removed all the same. */
async function settled(context: EngineContext, id: string, force: boolean) {
  const record = currentRecord(context, id);
  try {
    return await settle(context.home, context.database(), record);
  } catch (error) {
    if (force && error instanceof BoxliteError) return record;
    throw error;
  }
}

/** Renamed, forgotten, deleted: killed at any point, nothing half-deleted is taken for a box. */
async function forget(context: EngineContext, id: string): Promise<void> {
  const { home } = context;
  const grave = join(home.boxes(), `${REMOVED}${id}`);
  try {
    await rename(home.box(id), grave);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `remove ${home.box(id)}`);
  }
  context.database().boxes.remove(id, ['unknown', 'configured', 'running', 'stopping', 'stopped']);
  await rm(grave, { recursive: true, force: true });
}

/** Deletes what a killed removal has left. */
export async function sweepRemoved(context: EngineContext): Promise<void> {
  let names: string[];
  try {
    names = await readdir(context.home.boxes());
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw fileError(error, `read ${context.home.boxes()}`);
  }
  for (const name of names)
    if (name.startsWith(REMOVED))
      await rm(join(context.home.boxes(), name), { recursive: true, force: true });
}
