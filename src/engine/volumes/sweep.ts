/** What killed processes have left of volumes. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { removeTree } from '../../host/remove-tree.js';
import type { Lock } from '../../store/locks.js';
import type { EngineContext } from '../state/context.js';
import { hasContent, lockVolume, putAside, TRASH_PREFIX } from './files.js';

/**
 * Deletes it. A directory with content stays unless its volume was removed: its record may be lost, as with
 * the database.
 * @returns why some of it is still there, which is no reason to fail
 */
export async function sweepVolumes(context: EngineContext): Promise<BoxliteError[]> {
  const failures: BoxliteError[] = [];
  const tolerant = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof BoxliteError)) throw error;
      failures.push(error);
    }
  };
  await tolerant(async () => {
    for (const name of await leftIn(context)) await tolerant(() => sweep(context, name));
  });
  return failures;
}

/** Names in the directory of volumes, without those of recorded ones. */
async function leftIn({ home, database }: EngineContext): Promise<Set<string>> {
  const names = await namesIn(home.volumes());
  const { volumes } = database();
  const recorded = new Set(volumes.list().map(({ name }) => name));
  return new Set([...names, ...volumes.removed()].filter((name) => !recorded.has(name)));
}

async function sweep(context: EngineContext, name: string): Promise<void> {
  const { home } = context;
  const trash = name.startsWith(TRASH_PREFIX)
    ? join(home.volumes(), name)
    : await putAsideUnused(context, name);
  if (trash !== undefined) await removeTree(trash);
}

/** Leaves one that is being made. */
async function putAsideUnused(context: EngineContext, name: string): Promise<string | undefined> {
  if (!isNobodys(context, name)) return undefined;
  let lock: Lock;
  try {
    lock = await lockVolume(context, name, 'remove', 0);
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'box-busy') return undefined;
    throw error;
  }
  await using _lock = lock;
  return isNobodys(context, name) ? await putAside(context, name) : undefined;
}

function isNobodys({ home, database }: EngineContext, name: string): boolean {
  const { volumes } = database();
  if (volumes.get(name) !== undefined) return false;
  return volumes.isRemoved(name) || !hasContent(home, name);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${directory}`);
  }
}
