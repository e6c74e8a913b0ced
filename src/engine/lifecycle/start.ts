import { throwIfAborted, unlessAborted } from '../../abort.js';
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { canStart, isRunning } from '../../store/status.js';
import { dropTemplate } from '../../vmm/template/template.js';
import { blamingKernel } from '../machine/box-kernel.js';
import { crashPoint } from '../machine/crash-point.js';
import { endLeftMachine } from '../machine/left-machine.js';
import { BadTemplate, isCommandFailure } from '../machine/templates/bad-template.js';
import { hintingAtDisks } from '../machine/volumes/disk-trouble.js';
import { boxName } from '../spec/names/box-name.js';
import type { PublishedPort } from '../spec/network/ports.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { settle } from '../state/observe.js';
import { isRestartDue } from '../state/restart-decision.js';
import { waitForEnd } from '../state/running-client.js';
import { endWaitingShim } from '../state/shim-end.js';
import { unknownState } from '../state/state-error.js';
import {
  type AttemptOptions,
  StartAttempt,
  type StartedBox,
  startOf,
  type StartRequest,
} from './start-attempt.js';
import { askingForPorts } from './start-ports.js';
import { recordFailure } from './start-record.js';

export type { StartedBox, StartRequest };

/**
 * Starts a box, only once however many processes try.
 * @returns undefined if it runs already
 */
export async function startBox(
  context: EngineContext,
  id: string,
  request: StartRequest,
): Promise<StartedBox | undefined> {
  const purpose = request.automatic === true ? 'restart' : 'start';
  await using _lock = await lockBox(context, id, purpose, request.signal);
  return await startLocked(context, id, request);
}

/** The same for a caller who holds the box's lock. */
export async function startLocked(
  context: EngineContext,
  id: string,
  request: StartRequest,
): Promise<StartedBox | undefined> {
  crashPoint('start:locked');
  const record = await settledKnown(context, id);
  if (record.paused)
    throw new BoxliteError(
      'box-state',
      `cannot start the paused box ${boxName(record)}, try unpause instead`,
      { hint: 'unpause it', remedy: { action: 'unpause', box: boxName(record) } },
    );
  if (isRunning(record.status)) return undefined;
  if (request.automatic === true && !isRestartDue(record)) return undefined;
  if (!canStart(record.status))
    throw new BoxliteError(
      'box-state',
      `box ${boxName(record)} can't be started: it is ${record.status}`,
      {
        hint: 'wait until it has ended, or stop it',
        remedy: { action: 'stop', box: boxName(record) },
      },
    );
  // The last run's VM may still be writing back data.
  await unlessAborted(waitForEnd(context, id), request.signal, startOf(record));
  await endLeftMachine(context.home, id);
  // An automatic start runs in a hook, which is the shim's child.
  if (request.automatic !== true) await endWaitingShim(context, record);
  try {
    return await askingForPorts(context, record, (ports) =>
      attempts(context, record, request, ports),
    );
  } catch (error) {
    throwIfAborted(request.signal, startOf(record));
    const spec = specOf(record.options);
    const hinted = await hintingAtDisks(context.home, spec, error);
    const cause = blamingKernel(boxName(record), spec, hinted);
    recordFailure(context, record, cause);
    throw cause;
  }
}

/** @throws box-state when the actual state is unknown */
async function settledKnown(context: EngineContext, id: string): Promise<BoxRecord> {
  const record = currentRecord(context, id);
  try {
    return await settle(context.home, context.database(), record);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw unknownState({ ...record, error: error.message });
  }
}

/**
 * Retries if the box did not cause the failure: by emulation when KVM has failed, and without a template that
 * may have caused the failure.
 */
async function attempts(
  context: EngineContext,
  record: BoxRecord,
  request: StartRequest,
  ports: readonly PublishedPort[],
): Promise<StartedBox> {
  const { host } = context;
  const accelerator = host.accelerator({ signal: request.signal });
  const attempt = (without: AttemptOptions['without']): Promise<StartedBox> =>
    new StartAttempt(context, record, request, { accelerator, ports, without }).run();
  try {
    return await attempt([]);
  } catch (error) {
    throwIfAborted(request.signal, startOf(record));
    if (await host.blamesKvm((await accelerator).name, error))
      return await attempts(context, record, request, ports);
    if (!(error instanceof BadTemplate)) throw error;
    return await attemptWithout(context, attempt, [error]);
  }
}

/**
 * Starts from the base of the suspected templates, or from none. If this start succeeds, the suspects caused
 * the failure and are dropped; otherwise something else is wrong, and they stay.
 */
async function attemptWithout(
  context: EngineContext,
  attempt: (without: readonly string[]) => Promise<StartedBox>,
  suspects: readonly [BadTemplate, ...BadTemplate[]],
): Promise<StartedBox> {
  try {
    const started = await attempt(suspects.map(({ template }) => template.key));
    await dropTemplates(context, suspects);
    return started;
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'cancelled') throw error;
    if (error instanceof BadTemplate)
      return await attemptWithout(context, attempt, [...suspects, error]);
    if (!isCommandFailure(error)) throw suspects[0];
    await dropTemplates(context, suspects);
    throw error;
  }
}

async function dropTemplates(
  { home, host }: EngineContext,
  templates: readonly BadTemplate[],
): Promise<void> {
  for (const { template, message } of templates) {
    host.options.onNotice(`template ${template.key} can't be used and is rebuilt (${message})`);
    await dropTemplate(home, template.key);
  }
}
