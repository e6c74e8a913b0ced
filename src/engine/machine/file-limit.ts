import type { BoxSpec } from '../spec/box-spec.js';

/**
 * Bytes up to which the VMM may write to any file. A disk's device is larger than its file system, and a
 * box may write behind that: such a write fails here, at the size that the disk was given. undefined
 * where the VMM also writes files of the host's directories, which may be as large as they like.
 */
export function fileLimitBytes({ volumes, diskBytes }: BoxSpec): number | undefined {
  return volumes.length > 0 ? undefined : diskBytes;
}
