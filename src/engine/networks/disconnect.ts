import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import type { EndpointRecord } from '../../store/endpoints.js';
import { isActive } from '../../store/status.js';
import { boxName } from '../spec/names/box-name.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { settle } from '../state/observe.js';
import { noSuchBox } from '../state/state-error.js';
import { refusePredefined } from './connect.js';
import { noSuchNetwork } from './find.js';
import { leaveRunning } from './running.js';

export interface DisconnectOptions {
  /** Detach it also if it runs and can't be told. */
  force?: boolean;
}

/**
 * Detaches a box from a network, also from one that has been removed.
 * @param force also if the box can't be told; it then stays reachable there until its boxlite-net hears of it or ends
 */
export async function disconnectBox(
  context: EngineContext,
  network: string,
  box: string,
  { force = false }: DisconnectOptions = {},
): Promise<void> {
  refusePredefined(network, 'disconnected from');
  const database = context.database();
  const found = database.boxes.find(box);
  if (found === undefined) throw noSuchBox(box);
  await using _lock = await lockBox(context, found.id, 'network disconnect');
  const record = await settled(context, found.id, force);
  const endpoint = endpointOf(database, network, record);
  if (isActive(record.status)) await leaveRunning(context, record, endpoint, force);
  else database.endpoints.remove(endpoint.networkId, record.id);
}

/** With force, also a box whose state can't be found out. */
async function settled(context: EngineContext, id: string, force: boolean): Promise<BoxRecord> {
  const record = currentRecord(context, id);
  try {
    return await settle(context.home, context.database(), record);
  } catch (error) {
    if (force && error instanceof BoxliteError) return record;
    throw error;
  }
}

/** @throws network-not-found; invalid-argument if the box is not in it */
function endpointOf(database: Database, network: string, record: BoxRecord): EndpointRecord {
  const id = database.networks.find(network)?.id;
  const attached = database.endpoints.ofBox(record.id);
  const endpoint =
    attached.find(({ networkId }) => networkId === id) ??
    attached.find((each) => each.network === network || each.networkId === network);
  if (endpoint !== undefined) return endpoint;
  if (id === undefined) throw noSuchNetwork(network);
  throw new BoxliteError(
    'invalid-argument',
    `container ${boxName(record)} is not connected to network ${network}`,
    { hint: inItsNetworks(attached) },
  );
}

const inItsNetworks = (attached: readonly EndpointRecord[]): string =>
  attached.length === 0
    ? 'it is in no network with a name'
    : `it is in ${attached.map((each) => each.network).join(', ')}`;
