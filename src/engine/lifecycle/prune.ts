import { BoxliteError } from '../../errors.js';
import { isActive } from '../../store/status.js';
import { bytesOf } from '../report/box-size.js';
import { type BoxInfo, boxInfo } from '../state/box-info.js';
import type { EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';
import { removeBox } from './remove.js';

export interface PrunedBoxes {
  /** Ids, newest first. */
  removed: string[];
  /** Bytes of disk freed. */
  freedBytes: number;
}

/**
 * Removes the boxes that do not run.
 * @param matches remove only those for which it returns true
 */
export async function pruneBoxes(
  context: EngineContext,
  matches: (box: BoxInfo) => boolean = () => true,
): Promise<PrunedBoxes> {
  const removed: string[] = [];
  let freedBytes = 0;
  for (const stored of context.database().boxes.list()) {
    const record = await observed(context.home, stored);
    if (isActive(record.status) || record.status === 'unknown' || !matches(boxInfo(record)))
      continue;
    const bytes = bytesOf(context.home.box(record.id));
    if (!(await removeIfStopped(context, record.id))) continue;
    removed.push(record.id);
    freedBytes += bytes;
  }
  return { removed, freedBytes };
}

/** Prune skips a box that another process has started or removed meanwhile. */
async function removeIfStopped(context: EngineContext, id: string): Promise<boolean> {
  try {
    await removeBox(context, id);
    return true;
  } catch (error) {
    const passed =
      error instanceof BoxliteError && ['box-running', 'box-not-found'].includes(error.code);
    if (passed) return false;
    throw error;
  }
}
