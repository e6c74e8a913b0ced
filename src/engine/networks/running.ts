/** Networks that a box joins and leaves while it runs: its boxlite-net and its agent are told. */
import type { ShimClient } from '../../agent/client.js';
import { SHIM_PHASES } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import type { EndpointRecord } from '../../store/endpoints.js';
import { networkEvent } from '../../store/events.js';
import { linkValues } from '../machine/guest-messages.js';
import { answered } from '../machine/within.js';
import { boxName } from '../spec/names/box-name.js';
import type { NetworkLink } from '../spec/network/attachment.js';
import { linkOf, primaryOf } from '../spec/network/named/box-attachment.js';
import { specOf } from '../spec/stored-spec.js';
import type { EngineContext } from '../state/context.js';
import { connectLink, disconnectLink } from '../state/net-changes.js';
import { runningClient } from '../state/running-client.js';
import { attachedNetworks, networksSinceStart } from './memberships.js';

type Endpoint = Pick<EndpointRecord, 'boxId' | 'networkId' | 'network'>;

/** @throws exec-failed when it can't be done; timeout when it may have been */
export async function joinRunning(
  context: EngineContext,
  client: ShimClient,
  record: BoxRecord,
  networkId: string,
): Promise<void> {
  const link = linkTo(context, record, networkId);
  makePrivateDirectory(context.home.network(networkId));
  await connectLink(client, boxName(record), link);
  try {
    await answered(client.changeAddress({ add: 1, ...linkValues(link) }), record);
  } catch (error) {
    await disconnectLink(client, boxName(record), networkId).catch(() => undefined);
    throw error;
  }
}

/**
 * @param force whether it leaves also if it can't be told
 * @throws box-running for its primary network; box-state when it is paused, exec-failed when it can't be done
 */
export async function leaveRunning(
  context: EngineContext,
  record: BoxRecord,
  endpoint: Endpoint,
  force: boolean,
): Promise<void> {
  refusePrimary(context, record, endpoint.networkId);
  const link = linkTo(context, record, endpoint.networkId);
  await using client = await unlink(context, record, endpoint.networkId, force);
  leave(context.database(), endpoint);
  // A box that refuses is out of the network all the same, and so is one that is paused.
  if (client !== undefined && client.phase !== SHIM_PHASES.PAUSED)
    await answered(client.changeAddress({ add: 0, ...linkValues(link) }), record).catch(
      () => undefined,
    );
}

/**
 * The others find the box by its present name from now on. For a moment it is not there, and what is sent meanwhile is
 * refused: there is no message for other names, which a boxlite-net could forge.
 * @throws timeout, vmm-failed, box-state when it has lost its network
 */
export async function renameRunning(context: EngineContext, record: BoxRecord): Promise<void> {
  const networks = attachedNetworks(context.database(), record.id);
  if (networks.length === 0) return;
  await using client = await runningClient(context, record, { paused: 'allowed' });
  for (const { networkId } of networks) {
    await disconnectLink(client, boxName(record), networkId);
    await connectLink(client, boxName(record), linkTo(context, record, networkId));
  }
}

/** Within the transaction that puts the box into the network. */
export function reportJoin(database: Database, endpoint: Endpoint): void {
  database.events.add(eventOf(endpoint, 'connect'));
}

/** Of a running box. */
export function leave(database: Database, endpoint: Endpoint): void {
  database.write(() => {
    if (database.endpoints.remove(endpoint.networkId, endpoint.boxId))
      database.events.add(eventOf(endpoint, 'disconnect'));
  });
}

const eventOf = ({ networkId, network, boxId }: Endpoint, action: 'connect' | 'disconnect') =>
  networkEvent({ id: networkId, name: network }, action, { boxId });

/** Undefined where it can't be told, and need not. */
async function unlink(
  context: EngineContext,
  record: BoxRecord,
  networkId: string,
  force: boolean,
): Promise<ShimClient | undefined> {
  let client: ShimClient | undefined;
  try {
    const how = { doing: 'disconnecting it', ...(force && { paused: 'allowed' as const }) };
    client = await runningClient(context, record, how);
    await disconnectLink(client, boxName(record), networkId);
    return client;
  } catch (error) {
    client?.close();
    if (force && error instanceof BoxliteError) return undefined;
    throw error;
  }
}

function linkTo({ database }: EngineContext, record: BoxRecord, networkId: string): NetworkLink {
  const networks = attachedNetworks(database(), record.id);
  const membership = networks.find((each) => each.networkId === networkId);
  if (membership === undefined)
    throw new BoxliteError('network-not-found', `a network of box ${boxName(record)} is gone`);
  const { hostname } = specOf(record.options);
  return linkOf({ id: record.id, name: record.name, hostname }, membership);
}

/** Its gateway, resolver and first address are the box's until its end. */
function refusePrimary({ database }: EngineContext, record: BoxRecord, networkId: string): void {
  const primary = primaryOf(networksSinceStart(database(), record.id));
  if (primary?.networkId !== networkId) return;
  throw new BoxliteError(
    'box-running',
    `box ${boxName(record)} runs: network ${primary.network} has its gateway and its resolver`,
    { hint: 'stop it first', remedy: { action: 'stop', box: boxName(record) } },
  );
}
