/** A box's mounts: checks the caller's requests and resolves the host's paths. */
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, posix } from 'node:path';
import { LIMITS } from '../../agent/protocol.js';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { makeDirectories } from '../../host/host-path.js';
import type { BoxSpec } from './box-spec.js';
import type { BoxOptions } from './options.js';
import { parseTmpfsOptions } from './tmpfs.js';
import {
  type BoxVolume,
  type HostMount,
  type ImageMount,
  isWeak,
  type VolumeMount,
} from './volumes/box-volume.js';
import { checkVolumeName } from './volumes/volume-name.js';
import {
  type HostVolumeSpec,
  type ImageVolumeSpec,
  isHostVolume,
  isImageVolume,
  type NamedVolumeSpec,
} from './volumes/volume-spec.js';

export interface BoxTmpfs {
  target: string;
  options: string;
}

type Mounts = Pick<BoxSpec, 'volumes' | 'tmpfs'>;

/**
 * Checks what does not depend on the host, by Docker's rules.
 * @throws invalid-argument
 */
export function checkMounts(options: Pick<BoxOptions, 'volumes' | 'tmpfs'>): Mounts {
  const all = (options.volumes ?? []).map((each) => {
    if (isImageVolume(each)) return checkImageMount(each);
    return isHostVolume(each) ? checkHostMount(each) : checkVolumeMount(each);
  });
  const tmpfs = (options.tmpfs ?? []).map((each) => {
    parseTmpfsOptions(each.options ?? '');
    return { target: checkTarget('tmpfs', each.guestPath), options: each.options ?? '' };
  });
  const volumes = withoutCovered(all, tmpfs);
  const taken = new Set<string>();
  for (const { target } of [...volumes, ...tmpfs]) {
    if (taken.has(target)) throw invalid(`Duplicate mount point: ${target}`);
    taken.add(target);
  }
  checkMountCount(volumes, tmpfs);
  return { volumes, tmpfs };
}

/** Without the weak ones where something else is mounted, which is another of them, too. */
function withoutCovered(volumes: readonly BoxVolume[], tmpfs: readonly BoxTmpfs[]): BoxVolume[] {
  const strong = volumes.filter((mount) => !isWeak(mount));
  const taken = new Set([...strong, ...tmpfs].map(({ target }) => target));
  return volumes.filter((mount) => {
    if (!isWeak(mount)) return true;
    if (taken.has(mount.target)) return false;
    taken.add(mount.target);
    return true;
  });
}

/** @throws invalid-argument for more than a box can have */
export function checkMountCount(volumes: readonly BoxVolume[], tmpfs: readonly BoxTmpfs[]): void {
  const all = volumes.length + tmpfs.length;
  if (volumes.length > LIMITS.MAX_SHARES || all > MAX_MOUNTS)
    throw invalid(
      `a box can have ${LIMITS.MAX_SHARES} volumes and ${MAX_MOUNTS} mounts, not ` +
        `${volumes.length} and ${all}`,
    );
}

/**
 * Finds each directory or file on the host that is to be mounted, or creates it on request.
 * @throws invalid-argument naming what is missing or unfit as a volume
 */
export async function findVolumes(spec: BoxSpec): Promise<BoxSpec> {
  if (spec.volumes.length === 0) return spec;
  // One after the other: creating one directory may create another's.
  const volumes: BoxVolume[] = [];
  for (const volume of spec.volumes) volumes.push('type' in volume ? volume : await find(volume));
  return { ...spec, volumes };
}

/** The guest agent's limit. */
const MAX_MOUNTS = 128;

function checkHostMount(spec: HostVolumeSpec): HostMount {
  const { hostPath, guestPath, readOnly = false, createHostPath = false } = spec;
  if (hostPath === '') throw invalidMount('bind', 'field Source must not be empty');
  if (hostPath.includes('\0')) throw invalidMount('bind', 'the source path holds a NUL byte');
  if (!isAbsolute(hostPath))
    throw invalidMount('bind', `invalid mount path: '${hostPath}' mount path must be absolute`);
  const target = checkTarget('bind', guestPath);
  return {
    ...{ source: hostPath, path: hostPath, target, readOnly, create: createHostPath },
    ...(spec.watch === true && { watch: true }),
    ...(spec.asMount === true && { given: 'mount' }),
  };
}

function checkVolumeMount(spec: NamedVolumeSpec): VolumeMount {
  const { name, guestPath, readOnly = false, noCopy = false, subpath, labels, options } = spec;
  return {
    type: 'volume',
    name: name === undefined ? '' : checkVolumeName(name),
    target: checkTarget('volume', guestPath),
    readOnly,
    noCopy,
    ...(spec.watch === true && { watch: true }),
    ...(subpath !== undefined && { subpath: checkSubpath('volume', subpath) }),
    ...(labels && { labels }),
    ...(options && { options }),
    ...(name === undefined && { unnamed: true, given: 'path' }),
    ...(spec.asMount === true && { given: 'mount' }),
  };
}

function checkImageMount({ image, guestPath, subpath }: ImageVolumeSpec): ImageMount {
  if (image === '') throw invalidMount('image', 'field Source must not be empty');
  return {
    type: 'image',
    ...{ image, manifestDigest: '', imageId: '', diffIds: [] },
    target: checkTarget('image', guestPath),
    readOnly: true,
    ...(subpath !== undefined && { subpath: checkSubpath('image', subpath) }),
    given: 'mount',
  };
}

function checkSubpath(type: 'volume' | 'image', path: string): string {
  if (path.startsWith('/'))
    throw invalidMount(type, `subpath must be a relative path within the ${type}: ${path}`);
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  if (path === '' || path.includes('\0') || clean === '..' || clean.startsWith('../'))
    throw invalidMount(type, `subpath ${path === '' ? '""' : path} is not within the ${type}`);
  return clean;
}

/** @throws invalid-argument */
export function checkTarget(type: string, target: string): string {
  if (target === '') throw invalidMount(type, 'field Target must not be empty');
  if (target.includes('\0')) throw invalidMount(type, 'the target path holds a NUL byte');
  if (!target.startsWith('/'))
    throw invalidMount(type, `invalid mount path: '${target}' mount path must be absolute`);
  const clean = posix.normalize(target).replace(/(?<=.)\/$/, '');
  if (clean === '/') throw invalidMount(type, "invalid specification: destination can't be '/'");
  // Nothing may cover the kernel's own files: programs trust them, and some are hidden.
  if (clean === '/proc' || clean.startsWith('/proc/'))
    throw invalidMount(type, `"${clean}" cannot be mounted because it is inside /proc`);
  // /dev has the box's devices and terminals, and the source of its volumes.
  if (clean === '/dev')
    throw invalid("nothing can be mounted over /dev: the box's devices are there");
  return clean;
}

async function find({ create = false, ...volume }: HostMount): Promise<HostMount> {
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
