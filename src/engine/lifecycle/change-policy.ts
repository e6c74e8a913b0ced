import { isActive } from '../../store/status.js';
import { boxName } from '../spec/names/box-name.js';
import { changedPolicy, type NetPolicyChange } from '../spec/network/policy-change.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { settle } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { setPolicy } from '../state/net-changes.js';

/**
 * Changes what a box may reach: of one that runs at once. It is stored first, so that it counts from the next start
 * on in any case.
 * @throws invalid-argument, box-state, vmm-failed
 */
export async function changePolicy(
  context: EngineContext,
  id: string,
  change: NetPolicyChange,
): Promise<void> {
  await using _lock = await lockBox(context, id, 'policy');
  const record = await settle(context.home, context.database(), currentRecord(context, id));
  const { policy: before, ...others } = specOf(record.options);
  const settled = changedPolicy(
    { ...others, ...(before && { policy: before }) },
    change,
    boxName(record),
  );
  context.database().boxes.update(id, { options: { ...others, ...settled } });
  if (!isActive(record.status)) return;
  await using client = await runningClient(context, record, { paused: 'allowed' });
  await setPolicy(client, boxName(record), settled);
}
