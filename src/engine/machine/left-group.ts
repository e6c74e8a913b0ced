import { rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../errors.js';
import { startedRecord } from './records.js';

/** A VMM whose supervisor was killed ends at once; this bounds an overloaded host. */
const END_MS = 2_000;
const LOOK_MS = 20;

/** The group of all VMMs: native/shim/group. */
const GROUP_OF_ALL = 'boxlite';

/**
 * Removes the control group that a killed supervisor has left to its VMM, which nobody else would. What remains of
 * it is empty, and costs nothing but its name.
 * @param directory of a box that does not run
 */
export async function removeLeftGroup(directory: string): Promise<void> {
  const group = (await startedRecord(directory).catch(() => undefined))?.group?.path;
  if (group === undefined || basename(dirname(group)) !== GROUP_OF_ALL) return;
  const until = performance.now() + END_MS;
  for (;;) {
    const errno = await rmdir(group).then(() => undefined, errnoOf);
    if (errno !== 'EBUSY' || performance.now() > until) return;
    await sleep(LOOK_MS);
  }
}
