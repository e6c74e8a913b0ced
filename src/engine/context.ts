import type { Home } from '../home.js';
import type { Database } from '../store/database.js';
import { acquireBoxLock, type BoxLock } from '../store/locks.js';
import type { BoxRecord } from '../store/box-record.js';
import { BoxliteError } from '../errors.js';
import type { Host } from './host.js';

/** What the operations on boxes share. */
export interface EngineContext {
  home: Home;
  host: Host;
  database: () => Database;
}

/** The longest that one operation on a box may keep another waiting: a stop with its grace. */
const LOCK_TIMEOUT_MS = 60_000;

export function lockBox(context: EngineContext, id: string, purpose: string): Promise<BoxLock> {
  return acquireBoxLock(context.database(), id, { timeoutMs: LOCK_TIMEOUT_MS, purpose });
}

/** @throws box-not-found when the box has been removed meanwhile */
export function currentRecord(context: EngineContext, id: string): BoxRecord {
  const record = context.database().boxes.get(id);
  if (record) return record;
  throw noSuchBox(id);
}

export function noSuchBox(idOrName: string): BoxliteError {
  return new BoxliteError('box-not-found', `No such box: ${idOrName}`, {
    hint: '`boxlite ps -a` lists them',
  });
}
