import { LIMITS } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import type { NetworkRecord } from '../../store/networks.js';
import { chooseAddresses } from '../spec/network/named/addresses.js';
import type { NetworkAttachment } from '../spec/network/named/asked-networks.js';
import { networkSpecOf } from '../spec/network/named/box-attachment.js';
import { findNetwork } from './find.js';

type AttachedBox = Pick<BoxRecord, 'id' | 'name'>;

/**
 * Gives the box its addresses in a network, in one transaction: of several processes that ask for the same
 * address, or for the last one, exactly one gets it.
 * @param joinedRunning whether the box runs already
 * @throws network-not-found, invalid-argument, address-in-use, network-full
 */
export function attachBox(
  database: Database,
  box: AttachedBox,
  attachment: NetworkAttachment,
  joinedRunning = false,
): NetworkRecord {
  return database.write(() => {
    const network = findNetwork(database, attachment.name);
    refuseSecond(database, box, network);
    const { ip, ip6, aliases = [] } = attachment;
    const asked = { ...(ip !== undefined && { ip }), ...(ip6 !== undefined && { ip6 }) };
    const allocation = {
      name: network.name,
      spec: networkSpecOf(network.spec),
      taken: takenIn(database, network.id),
      holder: (boxId: string) => `box ${database.boxes.get(boxId)?.name ?? boxId}`,
    };
    database.endpoints.insert({
      networkId: network.id,
      network: network.name,
      boxId: box.id,
      ...chooseAddresses(allocation, asked),
      aliases: [...aliases],
      asked,
      joinedRunning,
    });
    return network;
  });
}

function refuseSecond(database: Database, box: AttachedBox, network: NetworkRecord): void {
  const attached = database.endpoints.ofBox(box.id);
  // One of the same name is of a network that was removed.
  for (const { networkId, network: name } of attached)
    if (name === network.name && networkId !== network.id)
      database.endpoints.remove(networkId, box.id);
  if (attached.some(({ networkId }) => networkId === network.id))
    throw new BoxliteError(
      'invalid-argument',
      `endpoint with name ${box.name ?? box.id} already exists in network ${network.name}`,
      { hint: 'disconnect the box first, to give it another address or other aliases' },
    );
  if (attached.length >= LIMITS.MAX_LINKS)
    throw new BoxliteError(
      'invalid-argument',
      `box ${box.name ?? box.id} is in ${LIMITS.MAX_LINKS} networks, which is the most`,
      { hint: 'disconnect it from one of them first' },
    );
}

function takenIn(database: Database, networkId: string): Map<string, string> {
  return new Map(
    database.endpoints.ofNetwork(networkId).flatMap(({ boxId, address, address6 }) => [
      [address, boxId],
      [address6, boxId],
    ]),
  );
}
