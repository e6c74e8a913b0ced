import { BoxliteError, type BoxliteErrorOptions } from '../../errors.js';
import type { Database } from '../../store/database.js';
import type { NetworkRecord } from '../../store/networks.js';

/** @throws network-not-found, network-ambiguous */
export function findNetwork(database: Database, nameOrId: string): NetworkRecord {
  const record = database.networks.find(nameOrId);
  if (record !== undefined) return record;
  throw noSuchNetwork(nameOrId);
}

/** In Docker's words. */
export const noSuchNetwork = (
  name: string,
  advice: BoxliteErrorOptions = { hint: 'see all networks', remedy: { action: 'list-networks' } },
): BoxliteError =>
  new BoxliteError('network-not-found', `network ${name === '' ? '""' : name} not found`, advice);
