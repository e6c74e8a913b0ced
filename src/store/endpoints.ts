import type { Database } from './database.js';
import { networkEvent } from './events.js';
import { integer, json, type Row, text } from './row.js';

/** A box in a network. It keeps its addresses until it leaves the network. */
export interface EndpointRecord {
  networkId: string;
  /** The network's name, also when the network has been removed. */
  network: string;
  boxId: string;
  address: string;
  address6: string;
  aliases: string[];
  /** The addresses that the caller asked for. */
  asked: { ip?: string; ip6?: string };
  /** The order in which the box was attached to its networks. */
  position: number;
  /** Attached while the box ran, and not started with it. */
  joinedRunning: boolean;
}

/** Which box has which addresses in which network. */
export class EndpointTable {
  constructor(private readonly database: Database) {}

  /** Within a transaction that has found the addresses free. */
  insert(
    endpoint: Omit<EndpointRecord, 'position' | 'joinedRunning'> & { joinedRunning?: boolean },
  ): void {
    this.database.run(
      `INSERT INTO endpoints (network_id, box_id, network, address, address6, aliases, asked,
                              position, joined_running)
       VALUES (?, ?, ?, ?, ?, ?, ?,
               (SELECT coalesce(max(position) + 1, 0) FROM endpoints WHERE box_id = ?), ?)`,
      endpoint.networkId,
      endpoint.boxId,
      endpoint.network,
      endpoint.address,
      endpoint.address6,
      JSON.stringify(endpoint.aliases),
      JSON.stringify(endpoint.asked),
      endpoint.boxId,
      endpoint.joinedRunning === true ? 1 : 0,
    );
  }

  /** The box is about to start with all its networks. */
  start(boxId: string): void {
    this.database.run(
      'UPDATE endpoints SET joined_running = 0 WHERE box_id = ? AND joined_running = 1',
      boxId,
    );
  }

  /** In the order of attachment. */
  ofBox(boxId: string): EndpointRecord[] {
    return this.database
      .all('SELECT * FROM endpoints WHERE box_id = ? ORDER BY position', boxId)
      .map(parseEndpoint);
  }

  ofNetwork(networkId: string): EndpointRecord[] {
    return this.database
      .all('SELECT * FROM endpoints WHERE network_id = ? ORDER BY box_id', networkId)
      .map(parseEndpoint);
  }

  /** Those of all boxes by their ids, each box's in the order of attachment. */
  byBox(): Map<string, EndpointRecord[]> {
    const found = new Map<string, EndpointRecord[]>();
    const rows = this.database.all('SELECT * FROM endpoints ORDER BY box_id, position');
    for (const endpoint of rows.map(parseEndpoint))
      found.set(endpoint.boxId, [...(found.get(endpoint.boxId) ?? []), endpoint]);
    return found;
  }

  /** @returns whether the box was in the network */
  remove(networkId: string, boxId: string): boolean {
    const changed = this.database.run(
      'DELETE FROM endpoints WHERE network_id = ? AND box_id = ?',
      networkId,
      boxId,
    );
    return changed === 1;
  }

  /** Reports, in the transaction that records a box's start or end, that it has joined or left its networks. */
  addEvents(boxId: string, action: 'connect' | 'disconnect', time: number): void {
    for (const { networkId: id, network: name } of this.ofBox(boxId))
      this.database.events.add(networkEvent({ id, name }, action, { boxId, time }));
  }
}

function parseEndpoint(row: Row): EndpointRecord {
  return {
    networkId: text(row, 'network_id'),
    network: text(row, 'network'),
    boxId: text(row, 'box_id'),
    address: text(row, 'address'),
    address6: text(row, 'address6'),
    aliases: json(row, 'aliases') as string[],
    asked: json(row, 'asked') as EndpointRecord['asked'],
    position: integer(row, 'position'),
    joinedRunning: integer(row, 'joined_running') === 1,
  };
}
