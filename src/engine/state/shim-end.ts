/** Ends a shim that accepts no frames by signals; its pid and start time identify it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxliteError, errnoOf } from '../../errors.js';
import { isAlive, type ProcessIdentity } from '../../host/process-identity.js';
import type { BoxRecord } from '../../store/box-record.js';
import { startedRecord } from '../machine/records.js';
import { restartPolicyOf } from '../spec/stored-spec.js';
import type { EngineContext } from './context.js';

/** Milliseconds between checks: the end of a process that is not our child has to be polled. */
const LOOK_AGAIN_MS = 5;

/** A shim that receives TERM first sends its clients their pending output. */
const DRAIN_MS = 2_000;

/** A shim that receives TERM shuts its guest down within 10 s. */
const SHUT_DOWN_MS = 12_000;
const KILLED_MS = 10_000;

/**
 * Ends the shim of a box that has ended, if it waits to start the box again. Call this with the box's lock,
 * so no start is in progress.
 */
export async function endWaitingShim(
  context: EngineContext,
  record: Pick<BoxRecord, 'id' | 'options'>,
): Promise<void> {
  if (restartPolicyOf(record.options).name === 'no') return;
  const shim = await shimOf(context, record.id);
  if (shim === undefined) return;
  // After the second TERM the shim no longer waits for clients that do not read.
  for (const [signal, waitMs] of [
    ['SIGTERM', DRAIN_MS],
    ['SIGTERM', DRAIN_MS],
    ['SIGKILL', KILLED_MS],
  ] as const)
    if (await endsBy(shim, signal, waitMs)) return;
  throw stays(record.id, shim.pid);
}

/**
 * Ends the shim of a box that does not answer, and with it its VMM.
 * @param how `orderly` lets the guest write back first
 * @returns false if it is uncertain which process that is
 */
export async function endShim(
  context: EngineContext,
  id: string,
  how: 'orderly' | 'at once',
): Promise<boolean> {
  const shim = await shimOf(context, id);
  if (shim === undefined) return false;
  if (how === 'orderly' && (await endsBy(shim, 'SIGTERM', SHUT_DOWN_MS))) return true;
  await killShim(shim, id);
  return true;
}

export async function killShim(shim: ProcessIdentity, id: string): Promise<void> {
  if (!(await endsBy(shim, 'SIGKILL', KILLED_MS))) throw stays(id, shim.pid);
}

export function stays(id: string, pid: number): BoxliteError {
  return new BoxliteError('timeout', `the supervisor of box ${id} does not end`, {
    hint: `end process ${pid} by hand, then try again`,
  });
}

async function shimOf(context: EngineContext, id: string): Promise<ProcessIdentity | undefined> {
  const shim = (await startedRecord(context.home.box(id)))?.shim;
  return shim !== undefined && isAlive(shim) ? shim : undefined;
}

/** @returns false if the process has ended */
function send(shim: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(shim)) return false;
  try {
    process.kill(shim.pid, signal);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    throw error;
  }
}

async function endsBy(
  shim: ProcessIdentity,
  signal: NodeJS.Signals,
  waitMs: number,
): Promise<boolean> {
  if (!send(shim, signal)) return true;
  const deadline = performance.now() + waitMs;
  while (isAlive(shim)) {
    if (performance.now() > deadline) return false;
    await sleep(LOOK_AGAIN_MS);
  }
  return true;
}
