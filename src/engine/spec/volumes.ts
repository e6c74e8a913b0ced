/** What a box is to have mounted: the caller's wishes checked, and the host's paths found. */
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, posix } from 'node:path';
import { LIMITS } from '../../agent/protocol.js';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { makeDirectories } from '../../host/host-path.js';
import type { BoxSpec } from './box-spec.js';
import type { BoxOptions, VolumeSpec } from './options.js';
import { parseTmpfsOptions } from './tmpfs.js';

export interface BoxVolume {
  /** As the caller wrote it, for people. */
  source: string;
  /** The same without links, as it was when the box was made. */
  path: string;
  target: string;
  readOnly: boolean;
  /** Only until the box is made: a missing directory is made. */
  create?: boolean;
}

export interface BoxTmpfs {
  target: string;
  options: string;
}

type Mounts = Pick<BoxSpec, 'volumes' | 'tmpfs'>;

/**
 * What needs no look at the host, by Docker's rules.
 * @throws invalid-argument
 */
export function checkMounts(options: Pick<BoxOptions, 'volumes' | 'tmpfs'>): Mounts {
  const volumes = (options.volumes ?? []).map(checkVolume);
  const tmpfs = (options.tmpfs ?? []).map((each) => {
    parseTmpfsOptions(each.options ?? '');
    return { target: checkTarget('tmpfs', each.guestPath), options: each.options ?? '' };
  });
  const taken = new Set<string>();
  for (const { target } of [...volumes, ...tmpfs]) {
    // In there the box's devices and terminals are, and where its volumes come from.
    if (target === '/dev')
      throw invalid("nothing can be mounted over /dev: the box's devices are there");
    if (taken.has(target)) throw invalid(`Duplicate mount point: ${target}`);
    taken.add(target);
  }
  if (volumes.length > LIMITS.MAX_SHARES || taken.size > MAX_MOUNTS)
    throw invalid(
      `a box can have ${LIMITS.MAX_SHARES} volumes and ${MAX_MOUNTS} mounts, not ` +
        `${volumes.length} and ${taken.size}`,
    );
  return { volumes, tmpfs };
}

/**
 * Finds each volume's directory or file on the host, or makes it where that is wanted.
 * @throws invalid-argument naming what is missing or can't be a volume
 */
export async function findVolumes(spec: BoxSpec): Promise<BoxSpec> {
  if (spec.volumes.length === 0) return spec;
  // One after the other: one may be a directory that another's making has made.
  const volumes: BoxVolume[] = [];
  for (const volume of spec.volumes) volumes.push(await find(volume));
  return { ...spec, volumes };
}

/** What the guest agent takes. */
const MAX_MOUNTS = 128;

function checkVolume(spec: VolumeSpec): BoxVolume {
  const { hostPath, guestPath, readOnly = false, createHostPath = false } = spec;
  if (hostPath === '') throw invalidMount('bind', 'field Source must not be empty');
  if (hostPath.includes('\0')) throw invalidMount('bind', 'the source path holds a NUL byte');
  if (!isAbsolute(hostPath))
    throw invalidMount('bind', `invalid mount path: '${hostPath}' mount path must be absolute`);
  const target = checkTarget('bind', guestPath);
  return { source: hostPath, path: hostPath, target, readOnly, create: createHostPath };
}

function checkTarget(type: string, target: string): string {
  if (target === '') throw invalidMount(type, 'field Target must not be empty');
  if (target.includes('\0')) throw invalidMount(type, 'the target path holds a NUL byte');
  if (!target.startsWith('/'))
    throw invalidMount(type, `invalid mount path: '${target}' mount path must be absolute`);
  const clean = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (clean === '/') throw invalidMount(type, "invalid specification: destination can't be '/'");
  // The kernel's own files, some of them hidden: nothing must lie where programs trust to find them.
  if (clean === '/proc' || clean.startsWith('/proc/'))
    throw invalidMount(type, `"${clean}" cannot be mounted because it is inside /proc`);
  return clean;
}

async function find({ create = false, ...volume }: BoxVolume): Promise<BoxVolume> {
  const { source } = volume;
  try {
    if (create) await makeMissing(source);
    const path = await realpath(source);
    const entry = await stat(path);
    if (!entry.isDirectory() && !entry.isFile())
      throw new BoxliteError(
        'unsupported',
        `${source} is neither a directory nor a regular file and can't be a volume`,
        { hint: 'a socket or device of the host means nothing to the kernel of a box' },
      );
    return { ...volume, path };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR')
      throw invalidMount('bind', `bind source path does not exist: ${source}`);
    throw fileError(error, `use ${source} as a volume`);
  }
}

async function makeMissing(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    makeDirectories(path, 0o755);
  }
}

function invalidMount(type: string, reason: string): BoxliteError {
  return invalid(`invalid mount config for type "${type}": ${reason}`);
}

function invalid(message: string): BoxliteError {
  return new BoxliteError('invalid-argument', message);
}
