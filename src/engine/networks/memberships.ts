import { BoxliteError } from '../../errors.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import type { EndpointRecord } from '../../store/endpoints.js';
import type { BoxSpec } from '../spec/box-spec.js';
import {
  allInternal,
  type BoxAttachment,
  boxAttachment,
  type Membership,
  networkSpecOf,
} from '../spec/network/named/box-attachment.js';
import type { NetworkSpec } from '../spec/network/named/network-spec.js';
import { specOf } from '../spec/stored-spec.js';
import type { EngineContext } from '../state/context.js';
import { noSuchNetwork } from './find.js';

/** A network that exists, with the box's own part. */
export type AttachedNetwork = Membership & Pick<EndpointRecord, 'joinedRunning'>;

/** The networks that the box is in and that exist, in the order of attachment. */
export function attachedNetworks(database: Database, boxId: string): AttachedNetwork[] {
  return database.endpoints.ofBox(boxId).flatMap((endpoint) => {
    const network = database.networks.get(endpoint.networkId);
    return network === undefined ? [] : [{ ...endpoint, spec: networkSpecOf(network.spec) }];
  });
}

/** Of a running box, those that it started with. Its primary network is among them until it stops. */
export const networksSinceStart = (database: Database, boxId: string): AttachedNetwork[] =>
  attachedNetworks(database, boxId).filter(({ joinedRunning }) => !joinedRunning);

/** Those that have been removed, too, which have no spec. */
export function inspectedNetworks(
  database: Database,
  boxId: string,
): (EndpointRecord & { spec?: NetworkSpec })[] {
  return database.endpoints.ofBox(boxId).map((endpoint) => {
    const network = database.networks.get(endpoint.networkId);
    return { ...endpoint, ...(network && { spec: networkSpecOf(network.spec) }) };
  });
}

/**
 * What the box's start needs of its networks, whose hubs get their directories.
 * @throws network-not-found for one that has been removed
 */
export function attachmentForStart(
  { database, home }: EngineContext,
  record: BoxRecord,
): BoxAttachment {
  const { id, name } = record;
  const { hostname } = specOf(record.options);
  const memberships = attachedNetworks(database(), id);
  for (const { networkId, network } of database().endpoints.ofBox(id))
    if (!memberships.some((each) => each.networkId === networkId))
      throw removed(network, name ?? id);
  // Most starts need no write, for which they would wait for other processes.
  if (memberships.some(({ joinedRunning }) => joinedRunning)) database().endpoints.start(id);
  for (const { networkId } of memberships) makePrivateDirectory(home.network(networkId));
  return boxAttachment({ id, name, hostname }, memberships);
}

const removed = (network: string, box: string): BoxliteError =>
  noSuchNetwork(network, {
    hint: 'it was removed: create it again and connect the box to it, or disconnect the box from it',
    remedy: { action: 'disconnect', box, network },
  });

/**
 * Rules that allow open nothing where no network leads out.
 * @throws invalid-argument
 */
export function refuseAllowedInside(
  { policy }: Pick<BoxSpec, 'policy'>,
  memberships: readonly Pick<Membership, 'network' | 'spec'>[],
): void {
  if (!allInternal(memberships) || (policy?.allow ?? []).length === 0) return;
  throw new BoxliteError(
    'invalid-argument',
    `network ${memberships[0]?.network} is internal: a box in it has no way out, so nothing can be allowed`,
    { hint: 'leave out --allow-net, or name a network that leads out, too' },
  );
}
