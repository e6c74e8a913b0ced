import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ShimClient } from '../../agent/client.js';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { within } from './within.js';

/** Of a VMM that was killed only its own end is waited for. */
const END_DEADLINE_MS = 15_000;

/** Where the machine that reads or writes the disks of a box that does not run has its sockets. */
export const workDirectory = (home: Home, id: string): string => join(home.box(id), '.export');

/**
 * Ends the machine of an export or a copy whose process was killed. It ends by itself, but until it has it
 * has the box's disk. To be called with the box's lock, before the disk is used.
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
