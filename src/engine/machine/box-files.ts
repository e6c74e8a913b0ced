/** The files of a box's machine: its image's disk, its own disk, and a clean directory. */
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { exists, makeDirectories } from '../../host/host-path.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { blankDisk } from '../../image/disk/blank-disk.js';
import { imageDisk } from '../../image/disk/image-disk.js';
import { copySparse } from '../../image/disk/sparse-copy.js';
import { vmdkDescriptor } from '../../image/disk/vmdk.js';
import type { BoxRecord } from '../../store/box-record.js';
import { extentPath, type MachineFiles } from '../../vmm/driver.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { crashPoint } from './crash-point.js';

export interface BoxFiles extends MachineFiles {
  /** The box has never been started: it has no disk of its own yet. */
  isNew: boolean;
  /** Identifies the file of the image's disk; it may differ even for the same manifest. */
  imageIdentity: string;
}

/** Prepares all files for a start but the disk of a new box, which `makeDisk` makes. */
export async function prepareBoxFiles(
  home: Home,
  record: BoxRecord,
  spec: BoxSpec,
): Promise<BoxFiles> {
  await clearDirectory(home, record.id);
  crashPoint('start:cleared');
  return boxFiles(home, record, spec);
}

/** The same without a start: files of the last run stay. */
export async function boxFiles(home: Home, record: BoxRecord, spec: BoxSpec): Promise<BoxFiles> {
  if (record.manifestDigest === null)
    throw new BoxliteError('image-not-found', `box ${record.id} has no image`);
  const disk = home.boxFile(record.id, 'disk');
  const [{ extents }, hasDisk] = await Promise.all([
    imageDisk(home, record.manifestDigest, spec.diffIds),
    exists(disk),
  ]);
  const descriptor = home.boxFile(record.id, 'image');
  try {
    makeDirectories(home.emptyShare(), 0o555);
    await writeFile(
      descriptor,
      vmdkDescriptor(extents.map(({ sectors }, i) => ({ path: extentPath(i), sectors }))),
    );
    return {
      image: descriptor,
      extents: extents.map(({ path }) => path),
      imageIdentity: await identityOf(extents[0]?.path ?? home.padding()),
      disk,
      share: home.emptyShare(),
      isNew: !hasDisk,
    };
  } catch (error) {
    throw fileError(error, `prepare the machine of box ${record.id}`);
  }
}

/**
 * Gives a new box its disk; a box keeps it across restarts.
 * @param source disk of the template that the box starts from and that has it mounted; without one, a blank
 *   disk is copied
 */
export async function makeDisk(
  home: Home,
  disk: string,
  bytes: number,
  source?: string,
): Promise<void> {
  const draft = `${disk}.new`;
  await rm(draft, { force: true });
  await copySparse(source ?? (await blankDisk(home, bytes)), draft);
  crashPoint('start:disk-draft');
  await rename(draft, disk);
}

/** Records of the last run would be mistaken for this one's. */
async function clearDirectory(home: Home, id: string): Promise<void> {
  const directory = home.box(id);
  try {
    makePrivateDirectory(directory);
    await Promise.all(
      (['started', 'exit', 'bootError', 'ports', 'netEnded', 'console'] as const).map((name) =>
        rm(home.boxFile(id, name), { force: true }),
      ),
    );
  } catch (error) {
    throw fileError(error, `prepare ${directory}`);
  }
}

async function identityOf(path: string): Promise<string> {
  // Not the modification time, which is the same for all stored files.
  const { ino, size, birthtimeNs } = await stat(path, { bigint: true });
  return [ino, size, birthtimeNs].join(':');
}
