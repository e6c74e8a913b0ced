import { BoxliteError } from '../../errors.js';
import { signalNumber } from '../../host/signals.js';
import { isActive } from '../../store/status.js';
import { crashPoint } from '../machine/crash-point.js';
import { type BoxSpec, checkStopTimeout, settlePidsLimit } from '../spec/box-spec.js';
import { settleMemory } from '../spec/memory.js';
import { boxName } from '../spec/names/box-name.js';
import { changedNetRates } from '../spec/network/rates.js';
import type { UpdateOptions } from '../spec/options.js';
import { changedProcessors } from '../spec/processors.js';
import { parseRestartPolicy } from '../spec/restart-policy.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { setRates } from '../state/net-changes.js';
import { settle } from '../state/observe.js';
import { isRestartDue } from '../state/restart-decision.js';
import { runningClient } from '../state/running-client.js';
import { endWaitingShim } from '../state/shim-end.js';
import { exitDelay } from './start-record.js';

/**
 * Changes options of a box; the restart policy and the network's rates of a running box apply at once. They are stored
 * first, so that they count from the next start on in any case.
 * @throws invalid-argument, box-running for options that need a stopped box; box-state, timeout, vmm-failed when its
 *   network does not take the rates
 */
export async function updateBox(
  context: EngineContext,
  id: string,
  options: UpdateOptions,
): Promise<void> {
  await using _lock = await lockBox(context, id, 'update');
  const record = await settle(context.home, context.database(), currentRecord(context, id));
  const before = specOf(record.options);
  const spec = changed(before, options, boxName(record));
  const policy = spec.restart?.name ?? 'no';
  if (record.autoRemove && policy !== 'no')
    throw new BoxliteError(
      'invalid-argument',
      `box ${boxName(record)} removes itself: it can't have a restart policy`,
    );
  const resized = RESIZES.some((key) => spec[key] !== before[key]);
  if (resized && isActive(record.status))
    throw new BoxliteError(
      'box-running',
      `box ${boxName(record)} runs: its processors, memory and processes can't be changed`,
      { hint: 'stop it first', remedy: { action: 'stop', box: boxName(record) } },
    );
  // Before the new policy applies: the waiting shim is found by the old one.
  const now = { ...record, options: spec };
  if (!isRestartDue(now) && !isActive(record.status)) await endWaitingShim(context, record);
  context.database().boxes.update(id, { options: spec });
  crashPoint('update:recorded');
  const { restart, netTxBytesPerSecond: tx, netRxBytesPerSecond: rx } = options;
  const changesRates = tx !== undefined || rx !== undefined;
  if ((restart === undefined && !changesRates) || !isActive(record.status)) return;
  await using client = await runningClient(context, record, { paused: 'allowed' });
  if (restart !== undefined) client.setExitDelay(exitDelay(now));
  if (changesRates) await setRates(client, boxName(record), spec);
}

/** Options that apply only from a machine's start on. */
const RESIZES = [
  ...(['cpus', 'nanoCpus', 'cpuPeriod', 'cpuQuota', 'cpuShares', 'cpusetCpus'] as const),
  ...(['memoryMib', 'memoryReservationMib', 'pidsLimit'] as const),
] as const satisfies readonly (keyof BoxSpec)[];

function changed(spec: BoxSpec, options: UpdateOptions, box: string): BoxSpec {
  const { restart, stopSignal, stopTimeoutSeconds, pidsLimit } = options;
  const { cpus, nanoCpus, cpuPeriod, cpuQuota, cpuShares, cpusetCpus, ...withoutProcessors } = spec;
  const {
    pidsLimit: pidsBefore,
    memoryMib,
    memoryReservationMib,
    ...withRates
  } = withoutProcessors;
  const { netTxBytesPerSecond = 0, netRxBytesPerSecond = 0, ...others } = withRates;
  const rates = { network: spec.network, netTxBytesPerSecond, netRxBytesPerSecond };
  const processors = { cpus, nanoCpus, cpuPeriod, cpuQuota, cpuShares, cpusetCpus };
  return {
    ...others,
    ...(pidsLimit === undefined
      ? pidsBefore !== undefined && { pidsLimit: pidsBefore }
      : settlePidsLimit(pidsLimit)),
    ...(restart !== undefined && { restart: parseRestartPolicy(restart) }),
    ...(stopSignal !== undefined && { stopSignal: signalNumber(stopSignal) }),
    ...(stopTimeoutSeconds !== undefined && {
      stopTimeoutSeconds: checkStopTimeout(stopTimeoutSeconds),
    }),
    ...changedNetRates(rates, options, box),
    ...changedProcessors(processors, options),
    ...settleMemory({
      memoryMib: options.memoryMib ?? memoryMib,
      memoryReservationMib: options.memoryReservationMib ?? memoryReservationMib,
    }),
  };
}
