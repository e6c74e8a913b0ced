import { BoxliteError } from '../../errors.js';
import type { Database } from '../../store/database.js';
import type { VolumeRecord } from '../../store/volumes.js';

/** @throws volume-not-found */
export function findVolume(database: Database, name: string): VolumeRecord {
  const record = database.volumes.get(name);
  if (record !== undefined) return record;
  throw noSuchVolume(name);
}

/** In Docker's words. */
export const noSuchVolume = (name: string): BoxliteError =>
  new BoxliteError('volume-not-found', `get ${name === '' ? '""' : name}: no such volume`, {
    hint: 'see all volumes',
    remedy: { action: 'list-volumes' },
  });
