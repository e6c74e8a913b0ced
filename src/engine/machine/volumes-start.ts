/** A box's volumes when it starts: the VMM's user, what it exports, what the agent mounts. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import type { BootstrapValues } from '../../agent/client.js';
import { MOUNT_KINDS } from '../../agent/protocol.js';
import { BoxliteError, errnoOf, fileError, limitError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { nativeProgram } from '../../host/native-programs.js';
import type { Database } from '../../store/database.js';
import type { MachineFiles } from '../../vmm/driver.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { MOUNT_FLAGS, parseTmpfsOptions } from '../spec/tmpfs.js';
import { type BoxVolume, isVolumeMount } from '../spec/volumes/box-volume.js';
import type { ShareAccess } from './shim-process.js';
import { vmmIds } from './vmm-ids.js';

export interface PreparedVolumes {
  files: Pick<MachineFiles, 'shares'>;
  /** Undefined for a box without volumes. */
  access: ShareAccess | undefined;
  mounts: BootstrapValues['mounts'];
}

/** Where volumes are, and what is known about them. */
export interface VolumeStore {
  home: Home;
  database: () => Database;
}

/**
 * @throws invalid-argument when a path of the host is missing, path-not-found when a volume's directory is,
 *   unsupported when this host allows no way to share it
 */
export async function prepareVolumes(spec: BoxSpec, store: VolumeStore): Promise<PreparedVolumes> {
  if (spec.volumes.length === 0)
    return { files: {}, access: undefined, mounts: mountRequests([], spec, false) };
  const shares = spec.volumes.map((volume) => shareOf(volume, store));
  const kinds = await Promise.all(shares.map(kindOf));
  const ids = vmmIds();
  const direct = ids === undefined && (await mustExportDirectly(shares, kinds));
  return {
    files: { shares: shares.map(({ path, readOnly }) => ({ path, readOnly })) },
    access: { ids, direct },
    mounts: mountRequests(shares, spec, direct),
  };
}

/** What the box gets by the 9p export. */
interface Share {
  path: string;
  target: string;
  readOnly: boolean;
  /** The volume's name; undefined for a path of the host. */
  volume?: string;
}

/** A volume's path is found at each start, since a home may move. */
function shareOf(mount: BoxVolume, { home, database }: VolumeStore): Share {
  const { target, readOnly } = mount;
  if (!isVolumeMount(mount)) return { path: mount.path, target, readOnly };
  const { name, subpath } = mount;
  if (database().volumes.get(name)?.kind === 'disk')
    throw new BoxliteError('unsupported', `volume ${name} is a disk, which no box has a place for`);
  if (subpath !== undefined)
    throw new BoxliteError('unsupported', `a part of a volume can't be mounted: ${subpath}`);
  return { path: home.volumeData(name), target, readOnly, volume: name };
}

type Kind = 'directory' | 'file';

/** The shim checks again and opens it; this check is for a helpful message. */
async function kindOf({ path, target, volume }: Share): Promise<Kind> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOENT' && errno !== 'ENOTDIR')
      throw fileError(error, `use ${volume === undefined ? path : `volume ${volume}`}`);
    if (volume !== undefined)
      throw new BoxliteError(
        'path-not-found',
        `the files of volume ${volume} for ${target} are gone: ${path} does not exist`,
        { hint: 'put the directory back, or remove the box and the volume' },
      );
    throw new BoxliteError(
      'invalid-argument',
      `the volume for ${target} is gone from the host: ${path} does not exist`,
      { hint: 'put it back, or remove the box and create it with another path' },
    );
  }
}

/** Without a mount namespace, only a single directory can be exported. */
async function mustExportDirectly(
  volumes: readonly Share[],
  kinds: readonly Kind[],
): Promise<boolean> {
  const refusal = await mountRefusal();
  if (refusal === undefined) return false;
  if (volumes.length === 1 && kinds[0] === 'directory') return true;
  const wanted = volumes.length === 1 ? 'a file as volume' : `${volumes.length} volumes`;
  throw new BoxliteError(
    'unsupported',
    `a box with ${wanted} needs a user namespace, which this host refuses (${refusal})`,
    {
      hint:
        'allow them (sysctl kernel.unprivileged_userns_clone=1, ' +
        'kernel.apparmor_restrict_unprivileged_userns=0), or give the box a single directory',
    },
  );
}

const CHECK_TIMEOUT_MS = 10_000;

/** Why the shim can't mount here; undefined if it can. Only a trial shows that. */
export async function mountRefusal(): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(
      nativeProgram('boxlite-shim'),
      ['--check-volumes'],
      { timeout: CHECK_TIMEOUT_MS },
      (error, stdout) => {
        if (error === null) resolve(undefined);
        else if (error.code === 1) resolve(stdout.trim());
        else
          reject(
            limitError(error, 'run boxlite-shim') ??
              new BoxliteError('setup-needed', `can't run boxlite-shim: ${error.message}`, {
                hint: 'install BoxLite again (in its sources: `npm run build:native`)',
                cause: error,
              }),
          );
      },
    );
  });
}

/** Outer mounts first: a mount inside another must come after it. */
function mountRequests(
  volumes: readonly Share[],
  { tmpfs }: BoxSpec,
  direct: boolean,
): BootstrapValues['mounts'] {
  const shares = volumes.map(({ target, readOnly }, index) => ({
    kind: MOUNT_KINDS.SHARE,
    source: direct ? '.' : String(index),
    target,
    flags: MOUNT_FLAGS.NODEV | (readOnly ? MOUNT_FLAGS.RDONLY : 0),
    options: '',
    subpath: '',
    copyUp: 0,
  }));
  const inMemory = tmpfs.map(({ target, options }) => {
    const { flags, data } = parseTmpfsOptions(options);
    return {
      kind: MOUNT_KINDS.TMPFS,
      source: '',
      target,
      flags,
      options: data,
      subpath: '',
      copyUp: 0,
    };
  });
  return [...shares, ...inMemory].sort((a, b) => depth(a.target) - depth(b.target));
}

const depth = (path: string): number => path.split('/').length;
