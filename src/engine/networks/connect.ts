import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { boxName } from '../spec/names/box-name.js';
import { type AskedAddresses, checkAskedAddresses } from '../spec/network/named/addresses.js';
import { checkAliases, isPredefined } from '../spec/network/named/network-names.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { settle } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { noSuchBox } from '../state/state-error.js';
import { attachBox } from './attach.js';
import { attachedNetworks, refuseAllowedInside } from './memberships.js';
import { joinRunning, leave, reportJoin } from './running.js';

interface Wishes extends AskedAddresses {
  aliases?: readonly string[];
}

/** Attaches a box that exists to another network. */
export async function connectBox(
  context: EngineContext,
  network: string,
  box: string,
  { aliases = [], ...asked }: Wishes,
): Promise<void> {
  const wishes = { ...checkAskedAddresses(asked), aliases: checkAliases(aliases) };
  refusePredefined(network, 'connected to');
  const database = context.database();
  const found = database.boxes.find(box);
  if (found === undefined) throw noSuchBox(box);
  await using _lock = await lockBox(context, found.id, 'network connect');
  const record = await settle(context.home, database, currentRecord(context, found.id));
  refuseWithoutNetwork(record);
  await using client = isActive(record.status)
    ? await runningClient(context, record, { doing: 'connecting it' })
    : undefined;
  const endpoint = database.write(() => {
    const wish = { name: network, ...wishes };
    const { id: networkId, name } = attachBox(database, record, wish, client !== undefined);
    refuseAllowedInside(specOf(record.options), attachedNetworks(database, record.id));
    const attached = { networkId, network: name, boxId: record.id };
    if (client !== undefined) reportJoin(database, attached);
    return attached;
  });
  if (client === undefined) return;
  try {
    await joinRunning(context, client, record, endpoint.networkId);
  } catch (error) {
    // After a time-out the box may have joined: as long as it has the addresses, nobody else may.
    const joined = error instanceof BoxliteError && error.code === 'timeout';
    if (!joined) leave(database, endpoint);
    throw error;
  }
}

/** @param what happens to the box */
export function refusePredefined(network: string, what: string): void {
  if (isPredefined(network))
    throw new BoxliteError(
      'invalid-argument',
      `a box can't be ${what} the network ${network}, which is not shared`,
      { hint: 'create one for what boxes share; what a box reaches else is changed by its policy' },
    );
}

/** In Docker's words. */
function refuseWithoutNetwork(record: BoxRecord): void {
  if (specOf(record.options).network) return;
  throw new BoxliteError(
    'invalid-argument',
    'container cannot be connected to multiple networks with one of the networks in private (none) mode',
    { hint: `create box ${boxName(record)} again without --network none` },
  );
}
