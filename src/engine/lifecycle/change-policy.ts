import { isActive } from '../../store/status.js';
import { policyAtStart } from '../machine/box-network.js';
import {
  attachedNetworks,
  networksSinceStart,
  refuseAllowedInside,
} from '../networks/memberships.js';
import { boxName } from '../spec/names/box-name.js';
import { allInternal } from '../spec/network/named/box-attachment.js';
import { changedPolicy, type NetPolicyChange } from '../spec/network/policy-change.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { setPolicy } from '../state/net-changes.js';
import { settle } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';

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
  refuseAllowedInside(settled, attachedNetworks(context.database(), id));
  context.database().boxes.update(id, { options: { ...others, ...settled } });
  if (!isActive(record.status)) return;
  await using client = await runningClient(context, record, { paused: 'allowed' });
  const inside = allInternal(networksSinceStart(context.database(), id));
  await setPolicy(client, boxName(record), policyAtStart(settled, inside));
}
