import type { Home } from '../../host/home.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { acquireBoxLock, type BoxLock } from '../../store/locks.js';
import type { VolumeKind } from '../../store/volumes.js';
import type { Host } from '../machine/host.js';
import type { Lifetime } from './lifetime.js';
import { noSuchBox } from './state-error.js';
import { restoreFromTrash } from './trash.js';

/** What the operations on boxes share. */
export interface EngineContext {
  home: Home;
  host: Host;
  database: () => Database;
  lifetime: Lifetime;
  /** Of volumes that are created without one; undefined: nobody has said. */
  volumeType: VolumeKind | undefined;
  /** Receives what a user should know although the call succeeds. */
  onNotice: (message: string) => void;
  /** The argv that starts the CLI for work after this process has ended: a shim runs it at its box's end. */
  cliCommand: () => readonly string[];
}

/** How long an operation waits for another one on the same box, such as a stop with its grace. */
const LOCK_TIMEOUT_MS = 60_000;

export async function lockBox(
  context: EngineContext,
  id: string,
  purpose: string,
  signal?: AbortSignal,
): Promise<BoxLock> {
  const database = context.database();
  const options = { timeoutMs: LOCK_TIMEOUT_MS, purpose, ...(signal && { signal }) };
  const lock = await acquireBoxLock(database, id, options);
  try {
    if (database.boxes.get(id)) await restoreFromTrash(context.home, id);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @throws box-not-found when the box has been removed meanwhile */
export function currentRecord(context: EngineContext, id: string): BoxRecord {
  const record = context.database().boxes.get(id);
  if (record) return record;
  throw noSuchBox(id);
}
