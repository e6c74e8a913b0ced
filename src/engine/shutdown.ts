import { BoxliteError } from '../errors.js';
import { isActive } from '../store/status.js';
import { LiteBox } from './box.js';
import type { EngineContext } from './state/context.js';
import { observed } from './state/observe.js';

/**
 * Stops the boxes that this runtime has started, in parallel, each with a grace of `timeoutSeconds`. Boxes
 * that other runtimes have started on the same home go on.
 * @throws the error of a box that could not be stopped, after all have been tried
 */
export async function stopStarted(
  context: EngineContext,
  ids: readonly string[],
  timeoutSeconds: number,
): Promise<void> {
  const ends = await Promise.allSettled(ids.map((id) => stopOne(context, id, timeoutSeconds)));
  const errors: unknown[] = [];
  for (const end of ends) if (end.status === 'rejected') errors.push(end.reason);
  if (errors.length === 0) return;
  const [first] = errors;
  if (errors.length === 1 && first instanceof Error) throw first;
  const messages = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  throw new BoxliteError(
    first instanceof BoxliteError ? first.code : 'vmm-failed',
    `${errors.length} boxes could not be stopped: ${messages.join('; ')}`,
    { cause: new AggregateError(errors) },
  );
}

async function stopOne(context: EngineContext, id: string, timeoutSeconds: number): Promise<void> {
  const record = context.database().boxes.get(id);
  if (record === undefined) return;
  const { status } = await observed(context.home, record);
  if (!isActive(status) && !record.autoRemove) return;
  try {
    await new LiteBox(context, record).stop({ timeoutSeconds });
  } catch (error) {
    // Another process has removed it meanwhile.
    if (!(error instanceof BoxliteError && error.code === 'box-not-found')) throw error;
  }
}
