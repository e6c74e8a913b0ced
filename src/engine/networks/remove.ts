import { BoxliteError } from '../../errors.js';
import type { Lock } from '../../store/locks.js';
import type { NetworkRecord } from '../../store/networks.js';
import { isActive } from '../../store/status.js';
import { isPredefined } from '../spec/network/named/network-names.js';
import { type EngineContext, lockBox } from '../state/context.js';
import { observed } from '../state/observe.js';
import { findNetwork, noSuchNetwork } from './find.js';
import { type NetworkInfo, networkInfo } from './info.js';
import { sweepNetworks } from './sweep.js';

/** @throws network-not-found, network-in-use, network-ambiguous, box-busy, invalid-argument */
export async function removeNetwork(context: EngineContext, nameOrId: string): Promise<void> {
  if (isPredefined(nameOrId))
    throw new BoxliteError(
      'invalid-argument',
      `${nameOrId} is a pre-defined network and cannot be removed`,
      { hint: 'remove one that was created' },
    );
  try {
    const network = findNetwork(context.database(), nameOrId);
    while (!(await removeStill(context, network)));
  } finally {
    await sweepNetworks(context.home, context.database());
  }
}

/**
 * Removes a network of boxes that do not run, under their locks, since a start takes that of its box.
 * @returns false if a box has joined it meanwhile
 */
async function removeStill(context: EngineContext, network: NetworkRecord): Promise<boolean> {
  const database = context.database();
  const members = membersOf(context, network);
  // A box that runs is told at once, without waiting for the others' locks.
  await refuseRunning(context, network, members);
  const locks: Lock[] = [];
  try {
    for (const id of members) locks.push(await lockBox(context, id, 'network rm'));
    await refuseRunning(context, network, members);
    return database.write(() => {
      if (membersOf(context, network).some((id) => !members.includes(id))) return false;
      if (database.networks.remove(network.id)) return true;
      throw noSuchNetwork(network.name);
    });
  } finally {
    for (const lock of locks) lock.release();
  }
}

/** In the order of their ids, so that two who lock them never wait for each other. */
const membersOf = ({ database }: EngineContext, { id }: NetworkRecord): string[] =>
  database()
    .endpoints.ofNetwork(id)
    .map(({ boxId }) => boxId);

/** In Docker's words. @throws network-in-use */
async function refuseRunning(
  { home, database }: EngineContext,
  network: NetworkRecord,
  members: readonly string[],
): Promise<void> {
  const names: string[] = [];
  for (const id of members) {
    const record = database().boxes.get(id);
    if (record === undefined) continue;
    const { status, name } = await observed(home, record);
    if (isActive(status) || status === 'unknown') names.push(name ?? id);
  }
  if (names.length === 0) return;
  const boxes = `${names.length === 1 ? 'box' : 'boxes'} ${names.sort().join(', ')}`;
  throw new BoxliteError(
    'network-in-use',
    `error while removing network: network ${network.name} has active endpoints (${boxes})`,
    { hint: `stop ${names.length === 1 ? 'it' : 'them'} first, or disconnect from the network` },
  );
}

/** @returns the names of those removed */
export async function pruneNetworks(
  context: EngineContext,
  matches: (network: NetworkInfo) => boolean = () => true,
): Promise<string[]> {
  const database = context.database();
  const removed: string[] = [];
  for (const network of database.networks.list()) {
    if (!matches(await networkInfo(context, network))) continue;
    const gone = database.write(
      () => membersOf(context, network).length === 0 && database.networks.remove(network.id),
    );
    if (gone) removed.push(network.name);
  }
  await sweepNetworks(context.home, database);
  return removed;
}
