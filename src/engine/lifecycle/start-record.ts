/** What the database records about a box's start. */
import { BoxliteError } from '../../errors.js';
import type { BoxPatch, BoxRecord } from '../../store/box-record.js';
import { boxEvent } from '../../store/events.js';
import type { MachineSpec } from '../../vmm/driver.js';
import { portsRecord, startedRecord } from '../machine/records.js';
import { restartPolicyOf } from '../spec/stored-spec.js';
import type { EngineContext } from '../state/context.js';
import { FIRST_DELAY_MS, nextDelayMs } from '../state/restart-decision.js';

export interface StartOfBox {
  record: BoxRecord;
  /** By the box's restart policy. */
  automatic: boolean;
  machine: MachineSpec;
  templateKey: string | undefined;
}

/**
 * Writes what only this process knows before the machine starts. If the process is killed once the command
 * runs, the next reader adds what the shim has recorded (`startPatch`).
 */
export function recordAttempt({ database }: EngineContext, start: StartOfBox): void {
  const { record, automatic, machine, templateKey } = start;
  database().boxes.update(record.id, {
    // A restart raises the count when it succeeds.
    ...(!automatic && { restartCount: 0 }),
    restartDelayMs: exitDelay(record, start) ?? 0,
    timings: null,
    accelerator: machine.accelerator,
    templateKey: templateKey ?? null,
  });
}

export async function recordStart(
  context: EngineContext,
  start: StartOfBox,
  timings: Record<string, unknown>,
): Promise<void> {
  const { record, automatic, machine, templateKey } = start;
  // The shim wrote its record before it sent `started`. With it a later reader can tell that this start is
  // recorded.
  const started = await startedRecord(context.home.box(record.id));
  const ports = await portsRecord(context.home.box(record.id));
  const startedAt = started?.atMs ?? Date.now();
  const ours: BoxPatch = {
    startCount: record.startCount + 1,
    restartCount: automatic ? record.restartCount + 1 : 0,
    restartDelayMs: exitDelay(record, start) ?? 0,
    timings,
    accelerator: machine.accelerator,
    templateKey: templateKey ?? null,
  };
  const run: BoxPatch = {
    pid: started?.vmmPid ?? null,
    shimPid: started?.shimPid ?? null,
    startedAt,
    ports,
    finishedAt: null,
    exitCode: null,
    exitSignal: null,
    oomKilled: false,
    paused: false,
    wanted: true,
    error: null,
  };
  const database = context.database();
  database.write(() => {
    // Another reader may have recorded the run, and even its end.
    if (database.boxes.get(record.id)?.startedAt === startedAt)
      database.boxes.update(record.id, ours);
    else if (
      database.boxes.transition(record.id, ['configured', 'stopped'], 'running', {
        ...ours,
        ...run,
      })
    ) {
      database.volumeUses.addEvents(record.id, 'mount', startedAt);
      database.endpoints.addEvents(record.id, 'connect', startedAt);
      database.events.add(boxEvent(record, 'start', {}, startedAt));
    }
  });
}

export function recordFailure(context: EngineContext, record: BoxRecord, error: unknown): void {
  if (!(error instanceof BoxliteError)) return;
  const exitCode =
    error.code === 'exec-not-found' ? 127 : error.code === 'exec-not-invocable' ? 126 : 128;
  const database = context.database();
  database.write(() => {
    // A restart that fails is not retried for ever (Docker's rule).
    database.boxes.update(record.id, { error: error.message, exitCode, wanted: false });
    database.counters.boxFailed();
  });
}

/** Milliseconds that the shim waits before it runs the hook; undefined: it runs none. */
export function exitDelay(
  record: BoxRecord,
  { automatic = false }: { automatic?: boolean } = {},
): number | undefined {
  if (record.autoRemove) return 0;
  if (restartPolicyOf(record.options).name === 'no') return undefined;
  return automatic ? nextDelayMs(record) : FIRST_DELAY_MS;
}
