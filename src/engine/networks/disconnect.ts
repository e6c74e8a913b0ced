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

/** Detaches a box from a network, also from one that has been removed. */
export async function disconnectBox(
  context: EngineContext,
  network: string,
  box: string,
): Promise<void> {
  refusePredefined(network, 'disconnected from');
  const database = context.database();
  const found = database.boxes.find(box);
  if (found === undefined) throw noSuchBox(box);
  await using _lock = await lockBox(context, found.id, 'network disconnect');
  const record = await settle(context.home, database, currentRecord(context, found.id));
  const endpoint = endpointOf(database, network, record);
  if (isActive(record.status)) await leaveRunning(context, record, endpoint.networkId);
  else database.endpoints.remove(endpoint.networkId, record.id);
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
  );
}
