import type { BoxSpec } from '../spec/box-spec.js';
import { MOUNT_FLAGS, parseTmpfsOptions } from '../spec/tmpfs.js';

/** Docker's `Mounts`. */
export function inspectMounts({ volumes, tmpfs }: BoxSpec): object[] {
  const binds = volumes.map(({ source, target, readOnly }) => ({
    Type: 'bind',
    Source: source,
    Destination: target,
    Mode: readOnly ? 'ro' : '',
    RW: !readOnly,
    Propagation: 'rprivate',
  }));
  const inMemory = tmpfs.map(({ target, options }) => ({
    Type: 'tmpfs',
    Source: '',
    Destination: target,
    Mode: '',
    RW: (parseTmpfsOptions(options).flags & MOUNT_FLAGS.RDONLY) === 0,
    Propagation: '',
  }));
  return [...binds, ...inMemory];
}

/** The mounts in `HostConfig`; null or omitted if there are none, as in Docker. */
export function hostConfigMounts({ volumes, tmpfs }: BoxSpec): object {
  const binds = volumes.map(
    ({ source, target, readOnly }) => `${source}:${target}${readOnly ? ':ro' : ''}`,
  );
  return {
    Binds: binds.length === 0 ? null : binds,
    ...(tmpfs.length > 0 && {
      Tmpfs: Object.fromEntries(tmpfs.map(({ target, options }) => [target, options])),
    }),
  };
}
