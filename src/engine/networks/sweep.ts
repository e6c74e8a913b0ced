import { readdir, rm } from 'node:fs/promises';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { Database } from '../../store/database.js';

/**
 * Deletes what hubs have left of networks that are no longer recorded: of the one just removed, and of those whose
 * removal was killed. Ids are never used again, and nobody starts a hub for a network without a record.
 */
export async function sweepNetworks(home: Home, database: Database): Promise<void> {
  for (const id of await namesIn(home.networks()))
    if (NETWORK_ID.test(id) && database.networks.get(id) === undefined)
      await remove(home.network(id));
}

const NETWORK_ID = /^[0-9a-f]{64}$/;

async function remove(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, `remove ${directory}`);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${directory}`);
  }
}
