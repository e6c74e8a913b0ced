import type { BoxSpec } from '../spec/box-spec.js';

/**
 * The largest file, in bytes, that the VMM may write. A disk's device is larger than its file system, and a
 * box may write beyond it: this limit makes such a write fail at the disk's size. undefined if the VMM also
 * writes to shared directories of the host, where files may have any size.
 */
export function fileLimitBytes({ volumes, diskBytes }: BoxSpec): number | undefined {
  return volumes.length > 0 ? undefined : diskBytes;
}
