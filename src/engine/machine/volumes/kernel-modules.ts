/**
 * The kernel's modules for a box that may load some: a disk in the last of the slots that every machine has. The
 * agent mounts its modules below /lib/modules, and the kernel loads from it what it asks for itself.
 */
import { rename, rm } from 'node:fs/promises';
import type { BootstrapValues } from '../../../agent/client.js';
import { MOUNT_KINDS } from '../../../agent/protocol.js';
import { BoxliteError, fileError } from '../../../errors.js';
import type { Home } from '../../../host/home.js';
import { exists } from '../../../host/host-path.js';
import { writeDirectoryDisk } from '../../../image/disk/directory-disk.js';
import type { Assets } from '../../../vmm/assets/assets.js';
import { newAsset } from '../../../vmm/assets/unused-assets.js';
import { type MachineFiles, VOLUME_SLOTS, volumeSerial } from '../../../vmm/driver.js';
import type { BoxSpec } from '../../spec/box-spec.js';
import { mayLoadModules } from '../../spec/privileges.js';
import { MOUNT_FLAGS } from '../../spec/tmpfs.js';
import type { Host } from '../host.js';

/** What a box's volumes are to its machine. */
interface Disks {
  files: Pick<MachineFiles, 'volumes' | 'mountedImages' | 'modules'>;
  mounts: BootstrapValues['mounts'];
}

/**
 * The volumes, with the modules if the box may load some, its kernel has some, a slot is free, and so is space for the
 * disk, which nobody has asked for.
 */
export async function withModules<T extends Disks>(
  { home, options }: Pick<Host, 'home' | 'options'>,
  { privileges }: BoxSpec,
  { modules, modulesDisk, kernelVersion }: Assets,
  volumes: T,
): Promise<T> {
  if (!mayLoadModules(privileges) || modules === undefined || modulesDisk === undefined)
    return volumes;
  const { volumes: disks = [], mountedImages = [] } = volumes.files;
  if (disks.length + mountedImages.length === VOLUME_SLOTS) return volumes;
  try {
    if (!(await exists(modulesDisk))) await makeDisk(home, modules, modulesDisk);
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code !== 'no-space') throw error;
    options.onNotice(`the box has no modules of its kernel: ${error.message}`);
    return volumes;
  }
  const request: BootstrapValues['mounts'][number] = {
    kind: MOUNT_KINDS.MODULES,
    source: volumeSerial(VOLUME_SLOTS - 1),
    // No more than its own kernel's: what the image brings beside them stays, and may be added to.
    target: `/lib/modules/${kernelVersion}`,
    flags: MOUNT_FLAGS.NODEV | MOUNT_FLAGS.RDONLY,
    options: '',
    subpath: kernelVersion,
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
