import { BoxliteError } from '../errors.js';
import type { Database } from './database.js';
import { networkEvent } from './events.js';
import { integer, json, type Row, text } from './row.js';

export interface NetworkRecord {
  /** 64 hex digits. */
  id: string;
  name: string;
  /** In ms since the epoch. */
  createdAt: number;
  /** JSON; the engine parses it. */
  spec: unknown;
}

/** The networks with names of one home. */
export class NetworkTable {
  constructor(private readonly database: Database) {}

  /** @throws BoxliteError `name-taken` */
  insert({ id, name, spec }: Omit<NetworkRecord, 'createdAt'>): NetworkRecord {
    return this.database.write(() => {
      this.refuseTakenName(name);
      const createdAt = this.database.now();
      this.database.run(
        'INSERT INTO networks (id, name, created_at, spec) VALUES (?, ?, ?, ?)',
        id,
        name,
        createdAt,
        JSON.stringify(spec),
      );
      this.database.events.add(networkEvent({ id, name }, 'create', { time: createdAt }));
      return { id, name, createdAt, spec };
    });
  }

  /** By full id. */
  get(id: string): NetworkRecord | undefined {
    const row = this.database.get('SELECT * FROM networks WHERE id = ?', id);
    return row && parseNetwork(row);
  }

  named(name: string): NetworkRecord | undefined {
    const row = this.database.get('SELECT * FROM networks WHERE name = ?', name);
    return row && parseNetwork(row);
  }

  /**
   * By full id, else by name, else by an id prefix that only one network has (Docker's order).
   * @throws BoxliteError `network-ambiguous`
   */
  find(nameOrId: string): NetworkRecord | undefined {
    if (nameOrId === '') return undefined;
    const exact = this.get(nameOrId.toLowerCase()) ?? this.named(nameOrId);
    if (exact !== undefined) return exact;
    const id = nameOrId.toLowerCase();
    const [first, second] = this.database.all(
      'SELECT * FROM networks WHERE substr(id, 1, ?) = ? LIMIT 2',
      id.length,
      id,
    );
    if (first !== undefined && second !== undefined)
      throw new BoxliteError('network-ambiguous', `network ${nameOrId} is ambiguous`, {
        hint: 'give more characters of the id, or the name',
      });
    return first && parseNetwork(first);
  }

  /** By name. */
  list(): NetworkRecord[] {
    return this.database.all('SELECT * FROM networks ORDER BY name').map(parseNetwork);
  }

  /** @throws BoxliteError `name-taken`, in Docker's words */
  refuseTakenName(name: string): void {
    if (this.named(name) === undefined) return;
    throw new BoxliteError('name-taken', `network with name ${name} already exists`, {
      hint: 'remove that network, or choose another name',
    });
  }

  /** @returns whether it did */
  remove(id: string): boolean {
    return this.database.write(() => {
      const row = this.database.get('DELETE FROM networks WHERE id = ? RETURNING *', id);
      if (row === undefined) return false;
      this.database.events.add(networkEvent(parseNetwork(row), 'destroy'));
      return true;
    });
  }
}

function parseNetwork(row: Row): NetworkRecord {
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    createdAt: integer(row, 'created_at'),
    spec: json(row, 'spec'),
  };
}
