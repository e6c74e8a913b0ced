import { spawn } from 'node:child_process';
import { BoxliteError } from '../../errors.js';
import { currentBootId } from '../../host/process-identity.js';
import type { BoxRecord } from '../../store/box-record.js';
import { boxEvent } from '../../store/events.js';
import { crashPoint } from '../machine/crash-point.js';
import type { StopOptions } from '../spec/options.js';
import { restartPolicyOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { isSeenTo, settle } from '../state/observe.js';
import { isRestartDue } from '../state/restart-decision.js';
import { cliProcess } from './cli-process.js';
import { removeIfEnded } from './remove.js';
import { startBox, startLocked } from './start.js';
import { stopLocked } from './stop.js';

/** Stops a box and starts it again; only starts a stopped one. */
export async function restartBox(
  context: EngineContext,
  id: string,
  options: StopOptions,
): Promise<void> {
  // One lock for both, or a box with `autoRemove` would be removed in between.
  await using _lock = await lockBox(context, id, 'restart', options.signal);
  await stopLocked(context, id, options);
  const started = await startLocked(context, id, { attach: false, signal: options.signal });
  started?.client.close();
  context.database().events.add(boxEvent(currentRecord(context, id), 'restart'));
}

/**
 * A box's shim runs this when the box has ended: it removes the box or starts it again, as its options say.
 */
export async function handleExit(context: EngineContext, id: string): Promise<void> {
  crashPoint('hook:begun');
  const record = context.database().boxes.get(id);
  if (record === undefined) return;
  if (record.autoRemove) await removeIfEnded(context, id);
  else if (await startAgain(context, id)) crashPoint('hook:started');
}

/**
 * Does what hooks could not do: removes boxes with `autoRemove` whose hook was killed, and restarts boxes
 * whose restart policy requires it after a reboot of the host or the death of their shim. Cheap when there is
 * nothing to do.
 */
export async function catchUp(context: EngineContext): Promise<void> {
  try {
    const due = await leftBehind(context);
    if (due.length > 0) startInBackground(context);
  } catch (error) {
    // The caller's own request has succeeded.
    if (!(error instanceof BoxliteError)) throw error;
  }
}

/**
 * Like `catchUp`, but waits until the boxes have started.
 * @param onStarted called with each name
 * @returns what went wrong, by box
 */
export async function startDue(
  context: EngineContext,
  onStarted: (name: string) => Promise<void>,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const { id, name } of await leftBehind(context))
    try {
      if (await startAgain(context, id)) await onStarted(name ?? id);
    } catch (error) {
      failures.push(error);
    }
  return failures;
}

/** @returns whether this call started it */
async function startAgain(context: EngineContext, id: string): Promise<boolean> {
  for (;;)
    try {
      const started = await startBox(context, id, { attach: false, automatic: true });
      started?.client.close();
      return started !== undefined;
    } catch (error) {
      const code = error instanceof BoxliteError ? error.code : undefined;
      if (code === 'box-not-found') return false;
      // Something, such as an export, keeps the box locked. The box is started after that has ended.
      if (code !== 'box-busy') throw error;
    }
}

/** Removes leftover boxes with `autoRemove`; returns the boxes to start. */
async function leftBehind(context: EngineContext): Promise<BoxRecord[]> {
  const database = context.database();
  database.hostBoot.note(currentBootId(), () => wantAfterReboot(context));
  const due: BoxRecord[] = [];
  for (const record of database.boxes.unattended()) {
    if (!record.autoRemove && restartPolicyOf(record.options).name === 'no') continue;
    try {
      if (await isSeenTo(context.home, record.id)) continue;
      if (record.autoRemove) await removeIfEnded(context, record.id);
      else if (isRestartDue(await settle(context.home, database, record))) due.push(record);
    } catch (error) {
      // The next call for this box reports the error; the present caller asked for something else.
      if (!(error instanceof BoxliteError)) throw error;
    }
  }
  return due;
}

/**
 * Docker's rules: after a reboot, `always` ignores that a user stopped the box, and `on-failure` does not
 * apply.
 */
function wantAfterReboot(context: EngineContext): void {
  const { boxes } = context.database();
  for (const { id, options, startedAt } of boxes.list()) {
    const { name } = restartPolicyOf(options);
    if (name === 'always' && startedAt !== null) boxes.update(id, { wanted: true });
    if (name === 'on-failure') boxes.update(id, { wanted: false });
  }
}

/** In a separate process, which outlives this one. */
function startInBackground(context: EngineContext): void {
  const [node = '', ...args] = cliProcess(context, 'system', 'start');
  const child = spawn(node, args, { cwd: '/', detached: true, stdio: 'ignore' });
  child.on('error', () => undefined); // the next call tries again
  child.unref();
}
