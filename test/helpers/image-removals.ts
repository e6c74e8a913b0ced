import type { BoxliteRuntime } from '../../src/engine/runtime.js';
import { type ImageHome } from './stored-images.js';
import { giveShim } from './tiny-runtime.js';

export const LEFT = 'example.test/left:1';
export const RIGHT = 'example.test/right:1';

/** The lines of a removal, as `rmi` prints them. */
export async function remove(
  runtime: BoxliteRuntime,
  name: string,
  force = false,
): Promise<string[]> {
  const { removals } = await runtime.removeImage(name, { force });
  return removals.map((each) =>
    'untagged' in each ? `Untagged: ${each.untagged}` : `Deleted: ${each.deleted}`,
  );
}

export async function makeBox(
  { runtime, database, home }: ImageHome,
  status: 'running' | 'created',
): Promise<string> {
  const { id } = await runtime.create({ rootfs: { image: LEFT } }, 'web');
  if (status === 'created') return id;
  database.boxes.transition(id, ['configured'], 'running', { startedAt: 1, pid: process.pid });
  await giveShim(home, id, (peer) => void peer.welcome());
  return id;
}
