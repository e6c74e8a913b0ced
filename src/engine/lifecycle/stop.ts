import { onAbort, throwIfAborted, unlessAborted } from '../../abort.js';
import { ShimClient } from '../../agent/client.js';
import type { ExecSession } from '../../agent/exec-session.js';
import { SHIM_PHASES } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';
import { signalNumber } from '../../host/signals.js';
import type { BoxPatch, BoxRecord } from '../../store/box-record.js';
import { boxEvent } from '../../store/events.js';
import { withReserve, writeWithReserve } from '../../store/reserve.js';
import { isActive } from '../../store/status.js';
import { crashPoint } from '../machine/crash-point.js';
import { endsWithin } from '../machine/within.js';
import { boxName } from '../spec/names/box-name.js';
import type { StopOptions } from '../spec/options.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { observed, settle } from '../state/observe.js';
import { orphanedShim } from '../state/orphan.js';
import { boundedEnd, POWER_OFF_MS, runningClient, waitForEnd } from '../state/running-client.js';
import { endShim, endWaitingShim, killShim } from '../state/shim-end.js';
import { unknownState } from '../state/state-error.js';

const SIGKILL = 9;

/** A guest writes back what its memory holds, to a disk of the host that may be slow. */
const WRITE_BACK_MS = 60_000;

/** Stops a box: stop signal, grace period, KILL; then the VM's power-off. Does nothing to a stopped box. */
export async function stopBox(
  context: EngineContext,
  id: string,
  options: StopOptions,
): Promise<void> {
  await using _lock = await withReserve(context.home, () =>
    lockBox(context, id, 'stop', options.signal),
  );
  crashPoint('stop:locked');
  await stopLocked(context, id, options);
}

/** The same for a caller who holds the box's lock. */
export async function stopLocked(
  context: EngineContext,
  id: string,
  options: StopOptions,
): Promise<void> {
  const { stopSignal, signal } = options;
  const given = stopSignal === undefined ? undefined : signalNumber(stopSignal);
  const record = await settledOrEnded(context, currentRecord(context, id));
  const spec = specOf(record.options);
  const what = `the stop of box ${boxName(record)}`;
  throwIfAborted(signal, what);
  if (isActive(record.status)) {
    const order = {
      signal: given ?? spec.stopSignal,
      timeoutSeconds: options.timeoutSeconds ?? spec.stopTimeoutSeconds,
      abort: signal,
    };
    await endMain(context, record, order).catch(async (error: unknown) => {
      // A box that has not ended still runs, and nobody is stopping it any more.
      if (signal?.aborted === true)
        await settle(context.home, context.database(), currentRecord(context, id));
      throw error;
    });
    crashPoint('stop:ended');
    await recordEnd(context, record);
  } else if (record.wanted) {
    tellStop(context, record, { wanted: false });
  }
  await unlessAborted(waitForEnd(context, id), signal, what);
  await endWaitingShim(context, record);
}

/**
 * The box's actual state. A box that does not answer is ended as well: a signal asks its shim to shut the
 * guest down.
 */
async function settledOrEnded(context: EngineContext, record: BoxRecord): Promise<BoxRecord> {
  try {
    return await withReserve(context.home, () => settle(context.home, context.database(), record));
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code === 'no-space') throw error;
    if (!(await endShim(context, record.id, 'orderly')))
      throw unknownState({ ...record, status: 'unknown', error: error.message });
    context.database().boxes.update(record.id, { wanted: false });
    return await settle(context.home, context.database(), currentRecord(context, record.id));
  }
}

/** If the database can't be written, the shim's own record still has the end. */
async function recordEnd(context: EngineContext, record: BoxRecord): Promise<void> {
  try {
    await withReserve(context.home, () =>
      settle(context.home, context.database(), currentRecord(context, record.id)),
    );
    tellStop(context, record);
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code !== 'no-space') throw error;
  }
}

function tellStop(context: EngineContext, record: BoxRecord, patch: BoxPatch = {}): void {
  const database = context.database();
  writeWithReserve(context.home, () =>
    database.write(() => {
      database.boxes.update(record.id, patch);
      database.events.add(boxEvent(record, 'stop'));
    }),
  );
}

/**
 * Sends a signal to the box's command. A signal that ends the box counts as a user's stop: its restart policy
 * does not start it again, and a paused box is resumed to receive it. In a paused box, other signals stay
 * pending.
 * @throws box-not-running
 */
export async function killBox(context: EngineContext, id: string, signal: string): Promise<void> {
  const number = signalNumber(signal);
  let record = await observed(context.home, currentRecord(context, id), context.database());
  if (record.restarting) {
    if (await killWaiting(context, id, number)) return;
    record = await observed(context.home, currentRecord(context, id), context.database());
  }
  const client = await runningClient(context, record, { paused: 'allowed' });
  crashPoint('kill:connected');
  await using main = attachSilently(client);
  tellKill(context, record, number);
  main.session.signal(number);
  // An orderly close of the connection flushes the frame.
  if (endsBox(record, number)) await goOn(client);
}

/** @returns false if the box has been started again meanwhile */
async function killWaiting(context: EngineContext, id: string, signal: number): Promise<boolean> {
  await using _lock = await withReserve(context.home, () => lockBox(context, id, 'kill'));
  const record = await settle(context.home, context.database(), currentRecord(context, id));
  if (isActive(record.status)) return false;
  tellKill(context, record, signal);
  if (endsBox(record, signal)) await endWaitingShim(context, record);
  return true;
}

/** Written before the signal is sent, so the process that records the end finds it. */
export function tellKill(context: EngineContext, record: BoxRecord, signal: number): void {
  const database = context.database();
  try {
    writeWithReserve(context.home, () =>
      database.write(() => {
        if (endsBox(record, signal)) database.boxes.update(record.id, { wanted: false });
        database.events.add(boxEvent(record, 'kill', { signal: String(signal) }));
      }),
    );
  } catch (error) {
    // A full disk must not prevent ending a box.
    if (!(error instanceof BoxliteError) || error.code !== 'no-space') throw error;
  }
}

/** INT, QUIT, KILL, TERM, and the box's stop signal. HUP, for example, often does not mean to end. */
export function endsBox(record: BoxRecord, signal: number): boolean {
  return [2, 3, SIGKILL, 15, specOf(record.options).stopSignal].includes(signal);
}

/** Resumes a paused box; it may end meanwhile. */
async function goOn(client: ShimClient): Promise<void> {
  if (client.phase === SHIM_PHASES.PAUSED) await client.resume().catch(() => undefined);
}

/**
 * Ends the VM for a removal.
 * @param writesBack what outlives the box is still to be written: its processes are killed, and the guest ends in order
 */
export async function endVmm(
  context: EngineContext,
  id: string,
  { writesBack }: { writesBack: boolean },
): Promise<void> {
  const directory = context.home.box(id);
  let client: ShimClient | null;
  try {
    client = await ShimClient.connect(directory);
  } catch (error) {
    // A shim of another BoxLite version, or one that hangs, obeys no message; it can still be killed.
    if (error instanceof BoxliteError && (await endShim(context, id, 'at once'))) return;
    throw error;
  }
  if (client === null) {
    const orphan = await orphanedShim(directory, currentRecord(context, id));
    if (orphan) await killShim(orphan, id);
    return;
  }
  if (!writesBack || !(await endsInOrder(client))) client.killVmm();
  await boundedEnd(client, id);
}

async function endsInOrder(client: ShimClient): Promise<boolean> {
  if (client.phase === SHIM_PHASES.STARTING) return false;
  const { session } = attachSilently(client);
  if (client.phase !== SHIM_PHASES.EXITED) session.signal(SIGKILL);
  await goOn(client);
  return endsWithin(client.closed, WRITE_BACK_MS);
}

interface EndOrder {
  /** Linux's number. */
  signal: number;
  timeoutSeconds: number;
  /** Ends the grace period and the connection. */
  abort: AbortSignal | undefined;
}

async function endMain(
  context: EngineContext,
  record: BoxRecord,
  { signal, timeoutSeconds, abort }: EndOrder,
): Promise<void> {
  const database = context.database();
  writeWithReserve(context.home, () =>
    database.write(() => {
      database.boxes.transition(record.id, ['running', 'stopping'], 'stopping', { wanted: false });
      database.events.add(boxEvent(record, 'kill', { signal: String(signal) }));
    }),
  );
  crashPoint('stop:marked');
  let client: ShimClient | null;
  try {
    client = await ShimClient.connect(context.home.box(record.id), { name: boxName(record) });
  } catch (error) {
    if (error instanceof BoxliteError && (await endShim(context, record.id, 'orderly'))) return;
    throw error;
  }
  if (client === null) return;
  const { session } = attachSilently(client);
  session.signal(signal);
  crashPoint('stop:signalled');
  await goOn(client);
  using _abort = onAbort(abort, () => client.close());
  const endsIn = async (ms: number): Promise<boolean> => {
    const ended = ms < 0 ? client.closed.then(() => true) : endsWithin(client.closed, ms);
    const inTime = await ended;
    // After an abort only the connection has ended, perhaps not the box.
    throwIfAborted(abort, `the stop of box ${boxName(record)}`);
    return inTime;
  };
  if (await endsIn(timeoutSeconds * 1000)) return;
  tellKill(context, record, SIGKILL);
  session.signal(SIGKILL);
  await goOn(client);
  if (await endsIn(POWER_OFF_MS)) return;
  client.killVmm();
  await boundedEnd(client, record.id);
}

/** Attaches to session 1 only to send signals; its output is discarded. */
function attachSilently(client: ShimClient): AsyncDisposable & { session: ExecSession } {
  const session = client.main();
  session.onOutput((_stream, _chunk, consumed) => consumed());
  session.started.catch(() => undefined);
  session.exited.catch(() => undefined);
  return { session, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}
