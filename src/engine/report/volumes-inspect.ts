import type { BoxSpec } from '../spec/box-spec.js';
import { MOUNT_FLAGS, parseTmpfsOptions } from '../spec/tmpfs.js';
import {
  type BoxVolume,
  type HostMount,
  type ImageMount,
  isImageMount,
  isVolumeMount,
  type VolumeMount,
} from '../spec/volumes/box-volume.js';
import { keysOnly } from './inspect-order.js';

/** Where the files of a volume are. */
export type Mountpoints = (volume: string) => string;

/** Docker's `Mounts`. */
export function inspectMounts({ volumes, tmpfs }: BoxSpec, mountpointOf: Mountpoints): object[] {
  const inMemory = tmpfs.map(({ target, options }) => ({
    Type: 'tmpfs',
    Source: '',
    Destination: target,
    Mode: '',
    RW: (parseTmpfsOptions(options).flags & MOUNT_FLAGS.RDONLY) === 0,
    Propagation: '',
  }));
  return [...volumes.map((each) => mountOf(each, mountpointOf)), ...inMemory];
}

function mountOf(mount: BoxVolume, mountpointOf: Mountpoints): object {
  const { target, readOnly } = mount;
  if (isImageMount(mount)) return imageMountOf(mount);
  const isVolume = isVolumeMount(mount);
  return {
    Type: isVolume ? 'volume' : 'bind',
    ...(isVolume && { Name: mount.name }),
    Source: isVolume ? mountpointOf(mount.name) : mount.source,
    Destination: target,
    ...(isVolume && { Driver: 'local' }),
    Mode: isVolume ? volumeMode(mount) : mount.given === undefined ? modeOf(mount) : '',
    RW: !readOnly,
    Propagation: isVolume ? '' : 'rprivate',
  };
}

const imageMountOf = ({ image, target }: ImageMount): object => ({
  ...{ Type: 'image', Source: image, Destination: target, Mode: '', RW: false, Propagation: '' },
});

/** Docker's default for a volume that was asked for, which it labels for SELinux. */
function volumeMode(mount: VolumeMount): string {
  if (mount.given === 'mount') return 'z';
  return mount.given === undefined ? modeOf(mount) || 'z' : '';
}

/** As `-v` takes it. */
function modeOf(mount: BoxVolume): string {
  const noCopy = isVolumeMount(mount) && mount.noCopy;
  const words = { ro: mount.readOnly, nocopy: noCopy, watch: mount.watch === true };
  return Object.entries(words)
    .flatMap(([word, isOn]) => (isOn ? [word] : []))
    .join(',');
}

/** The mounts in `HostConfig`; null or omitted if there are none, as in Docker. */
export function hostConfigMounts({ volumes, tmpfs, volumesFrom }: BoxSpec): object {
  const binds = volumes.filter(({ given }) => given === undefined).map(bindText);
  const mounts = volumes.filter(({ given }) => given === 'mount');
  return {
    Binds: binds.length === 0 ? null : binds,
    VolumesFrom: volumesFrom ?? null,
    ...(tmpfs.length > 0 && {
      Tmpfs: Object.fromEntries(tmpfs.map(({ target, options }) => [target, options])),
    }),
    ...(mounts.length > 0 && {
      Mounts: mounts.map(askedMount),
    }),
  };
}

function bindText(mount: BoxVolume): string {
  const mode = modeOf(mount);
  const source = isVolumeMount(mount) ? mount.name : 'source' in mount ? mount.source : mount.image;
  return `${source}:${mount.target}${mode === '' ? '' : `:${mode}`}`;
}

function askedMount(mount: BoxVolume): object {
  if (isImageMount(mount)) return askedImage(mount);
  return isVolumeMount(mount) ? askedVolume(mount) : askedBind(mount);
}

const askedImage = ({ image, target, subpath }: ImageMount): object => ({
  ...{ Type: 'image', Source: image, Target: target, ReadOnly: true },
  ...(subpath !== undefined && { ImageOptions: { Subpath: subpath } }),
});

const askedBind = ({ source, target, readOnly, watch }: HostMount): object => ({
  ...{ Type: 'bind', Source: source, Target: target },
  ...(readOnly && { ReadOnly: true }),
  ...(watch && { Watch: true }),
});

function askedVolume(mount: VolumeMount): object {
  const { name, target, readOnly, watch, noCopy, subpath, labels, options, unnamed } = mount;
  const volumeOptions = {
    ...(noCopy && { NoCopy: true }),
    ...(labels && { Labels: labels }),
    ...(subpath !== undefined && { Subpath: subpath }),
    ...(options && { DriverConfig: { Name: 'local', Options: options } }),
  };
  return {
    Type: 'volume',
    ...(unnamed !== true && { Source: name }),
    Target: target,
    ...(readOnly && { ReadOnly: true }),
    ...(watch && { Watch: true }),
    ...(Object.keys(volumeOptions).length > 0 && { VolumeOptions: volumeOptions }),
  };
}

/** `Config.Volumes`: the image's, and those that the caller gave no name. */
export function configVolumes({ volumes, imageVolumes = [] }: BoxSpec): object {
  const paths = volumes.filter(({ given }) => given === 'path').map(({ target }) => target);
  const all = [...imageVolumes, ...paths];
  return all.length > 0 ? { Volumes: keysOnly(all) } : {};
}
