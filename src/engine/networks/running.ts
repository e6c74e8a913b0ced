/** Networks that a box joins and leaves while it runs: its boxlite-net and its agent are told. */
import { BoxliteError } from '../../errors.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import type { BoxRecord } from '../../store/box-record.js';
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

/** @throws box-state when it is paused, exec-failed when it can't be done */
export async function joinRunning(
  context: EngineContext,
  record: BoxRecord,
  networkId: string,
): Promise<void> {
  const link = linkTo(context, record, networkId);
  makePrivateDirectory(context.home.network(networkId));
  await using client = await runningClient(context, record, { doing: 'connecting it' });
  await connectLink(client, boxName(record), link);
  try {
    await answered(client.changeAddress({ add: 1, ...linkValues(link) }), record);
  } catch (error) {
    await disconnectLink(client, boxName(record), networkId).catch(() => undefined);
    throw error;
  }
  addEvent(context, record, networkId, 'connect');
}

/** @throws box-running for its primary network; box-state when it is paused, exec-failed when it can't be done */
export async function leaveRunning(
  context: EngineContext,
  record: BoxRecord,
  networkId: string,
): Promise<void> {
  refusePrimary(context, record, networkId);
  const link = linkTo(context, record, networkId);
  await using client = await runningClient(context, record, { doing: 'disconnecting it' });
  await disconnectLink(client, boxName(record), networkId);
  context.database().write(() => {
    context.database().endpoints.remove(networkId, record.id);
    addEvent(context, record, networkId, 'disconnect');
  });
  // A box that refuses is out of the network all the same.
  await answered(client.changeAddress({ add: 0, ...linkValues(link) }), record).catch(
    () => undefined,
  );
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

function addEvent(
  { database }: EngineContext,
  record: BoxRecord,
  id: string,
  action: 'connect' | 'disconnect',
): void {
  const name = database().networks.get(id)?.name ?? id;
  database().events.add(networkEvent({ id, name }, action, { boxId: record.id }));
}
