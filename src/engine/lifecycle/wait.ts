import { throwIfAborted, unlessAborted } from '../../abort.js';
import { ShimClient } from '../../agent/client.js';
import { connectionLost } from '../../agent/failure.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive, isRunning } from '../../store/status.js';
import { exitRecord } from '../machine/records.js';
import { boxName } from '../spec/names/box-name.js';
import type { WaitOptions } from '../spec/options.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { followEvents } from '../state/events.js';
import { observed } from '../state/observe.js';
import { unknownState } from '../state/state-error.js';

/** The exit code of the last end; 0 if there was none. */
export interface WaitResult {
  exitCode: number;
}

/**
 * Waits for a box's end. Any number of callers may wait. An end counts even if the restart policy starts the
 * box again.
 */
export async function waitForBox(
  context: EngineContext,
  id: string,
  { condition = 'not-running', signal }: WaitOptions,
): Promise<WaitResult> {
  const what = `the wait for box ${id}`;
  throwIfAborted(signal, what);
  const began = new Date();
  const record = await observed(context.home, currentRecord(context, id), context.database());
  if (condition === 'not-running') return await notRunning(context, record, signal);
  let exitCode = record.exitCode ?? 0;
  for await (const { actor, action, attributes } of followEvents(context, {
    since: began,
    signal,
  })) {
    if (actor !== id) continue;
    if (action === 'die') exitCode = Number(attributes.exitCode);
    // A removed box has no next exit.
    if (action === 'destroy' || (action === 'die' && condition === 'next-exit'))
      return { exitCode };
  }
  throwIfAborted(signal, what);
  return { exitCode };
}

async function notRunning(
  context: EngineContext,
  record: BoxRecord,
  signal: AbortSignal | undefined,
): Promise<WaitResult> {
  const directory = context.home.box(record.id);
  if (record.status === 'unknown') throw unknownState(record);
  const client = isActive(record.status)
    ? await ShimClient.connect(directory, { name: boxName(record) })
    : null;
  if (client !== null) {
    const main = client.main();
    main.onOutput((_stream, _chunk, consumed) => consumed());
    main.started.catch(() => undefined);
    // The record exists as soon as the command has ended; the VM's power-off follows.
    const ended = Promise.race([main.exited.catch(() => undefined), client.closed]);
    const waiting = unlessAborted(ended, signal, `the wait for box ${boxName(record)}`);
    const exit = await waiting.finally(() => client.close());
    if (exit !== undefined) return { exitCode: exit.code };
  }
  const exit = isActive(record.status) ? await exitRecord(directory) : undefined;
  return { exitCode: exit?.code ?? (await recorded(context, record)) };
}

async function recorded(context: EngineContext, { id }: BoxRecord): Promise<number> {
  const record = await observed(context.home, currentRecord(context, id), context.database());
  if (isRunning(record.status)) throw connectionLost(boxName(record));
  return record.exitCode ?? 0;
}
