import { BoxliteError } from '../../errors.js';
import { isActive } from '../../store/status.js';
import { renameRunning } from '../networks/running.js';
import { checkName } from '../spec/box-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { settle } from '../state/observe.js';
import { noSuchBox } from '../state/state-error.js';
import { freeName } from './remove.js';

/**
 * A box that runs has its new name in its networks at once.
 * @throws name-taken, invalid-argument, box-not-found; box-busy, box-state, timeout or vmm-failed when its networks could
 *   not be told: they know it by its new name from its next start on
 */
export async function renameBox(context: EngineContext, id: string, text: string): Promise<void> {
  const database = context.database();
  const name = checkName(text);
  await freeName(context, name);
  if (!database.boxes.rename(id, name)) throw noSuchBox(id);
  if (database.endpoints.ofBox(id).length === 0) return;
  try {
    await tellNetworks(context, id);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    const what = `box ${name} has its new name, but its networks were not told: ${error.message}`;
    throw new BoxliteError(error.code, what, {
      cause: error,
      hint: 'restart it',
      remedy: { action: 'restart', box: name },
    });
  }
}

/** A start that has read the old name has the lock until the box runs. */
async function tellNetworks(context: EngineContext, id: string): Promise<void> {
  await using _lock = await lockBox(context, id, 'rename');
  const record = await settle(context.home, context.database(), currentRecord(context, id));
  if (isActive(record.status)) await renameRunning(context, record);
}
