import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { withReserve } from '../../store/reserve.js';
import { isActive } from '../../store/status.js';
import { crashPoint } from '../machine/crash-point.js';
import { boxName } from '../spec/names/box-name.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { observed, type ObservedBox, settle } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { notRunning, unknownState } from '../state/state-error.js';

/**
 * Pauses a running box: its processors stop until `unpauseBox`, its memory and its connections stay.
 * @throws box-not-running, box-state
 */
export async function pauseBox(context: EngineContext, id: string): Promise<void> {
  await using _lock = await withReserve(context.home, () => lockBox(context, id, 'pause'));
  const record = await running(context, id);
  if (record.paused) throw wrongState(record, 'already paused', 'unpause', 'let it go on');
  await using client = await runningClient(context, record, { paused: 'allowed' });
  crashPoint('pause:connected');
  await client.pause();
  crashPoint('pause:told');
  await recordPhase(context, id);
  crashPoint('pause:recorded');
}

/** @throws box-not-running, box-state when it is not paused */
export async function unpauseBox(context: EngineContext, id: string): Promise<void> {
  await using _lock = await withReserve(context.home, () => lockBox(context, id, 'unpause'));
  const record = await running(context, id);
  if (!record.paused) throw wrongState(record, 'not paused', 'pause', 'hold it');
  await using client = await runningClient(context, record, { paused: 'allowed' });
  crashPoint('unpause:connected');
  await client.resume();
  crashPoint('unpause:told');
  await recordPhase(context, id);
  crashPoint('unpause:recorded');
}

/** A full disk is no error here: a caller who pauses the box that fills it must learn that it is paused. */
async function recordPhase(context: EngineContext, id: string): Promise<void> {
  await withReserve(context.home, () =>
    settle(context.home, context.database(), currentRecord(context, id)),
  );
}

async function running(context: EngineContext, id: string): Promise<ObservedBox> {
  const record = await observed(context.home, currentRecord(context, id));
  if (record.status === 'unknown') throw unknownState(record);
  if (!isActive(record.status)) throw notRunning(record);
  return record;
}

function wrongState(
  record: BoxRecord,
  state: string,
  action: 'pause' | 'unpause',
  hint: string,
): BoxliteError {
  const name = boxName(record);
  return new BoxliteError('box-state', `box ${name} is ${state}`, {
    hint,
    remedy: { action, box: name },
  });
}
