import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ShimClient } from '../../agent/client.js';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { within } from './within.js';

/** This only waits for the end of a VMM that was killed already. */
const END_DEADLINE_MS = 15_000;

/** The directory with the sockets of the helper machine that reads or writes a stopped box's disks. */
export const workDirectory = (home: Home, id: string): string => join(home.box(id), '.export');

/**
 * Ends the helper machine of an export or a copy whose process was killed. It would end by itself, but holds
 * the box's disk until then. Call this with the box's lock, before the disk is used.
 * @throws timeout when its supervisor does not end
 */
export async function endLeftMachine(home: Home, id: string): Promise<void> {
  const directory = workDirectory(home, id);
  try {
    const client = await ShimClient.connect(directory);
    if (client !== null) {
      client.killVmm();
      await within(client.closed, END_DEADLINE_MS, id, 'disks');
    }
  } catch (cause) {
    if (!(cause instanceof BoxliteError)) throw cause;
    throw new BoxliteError(
      'timeout',
      `the machine that an export or a copy of box ${id} has left does not end`,
      { cause, hint: `end the processes that work in ${directory}, then try again` },
    );
  }
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, `remove ${directory}`);
  }
}
