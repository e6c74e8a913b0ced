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

/** The same for one that reads or writes a volume of type disk. */
export const volumeWorkDirectory = (home: Home, name: string): string =>
  join(home.volume(name), '.machine');

/**
 * Ends the helper machine of an export or a copy whose process was killed. It would end by itself, but holds
 * the box's disk until then. Call this with the box's lock, before the disk is used.
 * @throws timeout when its supervisor does not end
 */
export const endLeftMachine = (home: Home, id: string): Promise<void> =>
  endMachineIn(workDirectory(home, id), 'box', id);

/** The same for a volume, with its lock. */
export const endLeftVolumeMachine = (home: Home, name: string): Promise<void> =>
  endMachineIn(volumeWorkDirectory(home, name), 'volume', name);

async function endMachineIn(directory: string, kind: string, name: string): Promise<void> {
  try {
    const client = await ShimClient.connect(directory);
    if (client !== null) {
      client.killVmm();
      await within(client.closed, END_DEADLINE_MS, name, 'disks');
    }
  } catch (cause) {
    if (!(cause instanceof BoxliteError)) throw cause;
    throw new BoxliteError(
      'timeout',
      `the machine that an export or a copy of ${kind} ${name} has left does not end`,
      { cause, hint: `end the processes that work in ${directory}, then try again` },
    );
  }
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, `remove ${directory}`);
  }
}
