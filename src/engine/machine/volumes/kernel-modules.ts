/**
 * The kernel's modules for a box that may load some: a disk in the last of the slots that every machine has. The
 * agent mounts it at /lib/modules, and the kernel loads from it what it asks for itself.
 */
import { rename, rm, stat } from 'node:fs/promises';
import type { BootstrapValues } from '../../../agent/client.js';
import { MOUNT_KINDS } from '../../../agent/protocol.js';
import { errnoOf, fileError } from '../../../errors.js';
import type { Home } from '../../../host/home.js';
import { writeDirectoryDisk } from '../../../image/disk/directory-disk.js';
import type { Assets } from '../../../vmm/assets/assets.js';
import { newAsset } from '../../../vmm/assets/unused-assets.js';
import { type MachineFiles, VOLUME_SLOTS, volumeSerial } from '../../../vmm/driver.js';
import type { BoxSpec } from '../../spec/box-spec.js';
import { mayLoadModules } from '../../spec/privileges.js';
import { MOUNT_FLAGS } from '../../spec/tmpfs.js';

/** What a box's volumes are to its machine. */
interface Disks {
  files: Pick<MachineFiles, 'volumes' | 'modules'>;
  mounts: BootstrapValues['mounts'];
}

/** The volumes, with the modules if the box may load some, its kernel has some, and a slot is free. */
export async function withModules<T extends Disks>(
  home: Home,
  { privileges }: BoxSpec,
  { modules, modulesDisk }: Assets,
  volumes: T,
): Promise<T> {
  if (!mayLoadModules(privileges) || modules === undefined || modulesDisk === undefined)
    return volumes;
  if (volumes.files.volumes?.length === VOLUME_SLOTS) return volumes;
  if (!(await exists(modulesDisk))) await makeDisk(home, modules, modulesDisk);
  const request = {
    kind: MOUNT_KINDS.MODULES,
    source: volumeSerial(VOLUME_SLOTS - 1),
    target: '/lib/modules',
    flags: MOUNT_FLAGS.NODEV | MOUNT_FLAGS.RDONLY,
    options: '',
    subpath: '',
    copyUp: 0,
    notify: 0,
  };
  // Before the box's own mounts, which then cover it where they are.
  return {
    ...volumes,
    files: { ...volumes.files, modules: modulesDisk },
    mounts: [request, ...volumes.mounts],
  };
}

/** Two starts at once make the same disk; either may take the name. */
async function makeDisk(home: Home, modules: string, disk: string): Promise<void> {
  const draft = newAsset(home);
  try {
    await writeDirectoryDisk(modules, draft);
    await rename(draft, disk);
  } catch (error) {
    throw fileError(error, `make ${disk}`);
  } finally {
    await rm(draft, { force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(error, `read ${path}`);
  }
}
