import type { BoxSpec } from '../spec/box-spec.js';
import type { PreparedVolumes } from './volumes-start.js';

/**
 * The largest file, in bytes, that the VMM may write. A disk's device is larger than its file system, and a
 * box may write beyond it: this limit makes such a write fail at the largest disk's size. undefined if the
 * VMM also writes to shared directories of the host, where files may have any size.
 */
export function fileLimitBytes(
  { diskBytes }: BoxSpec,
  { files: { shares = [] }, largestDiskBytes }: PreparedVolumes,
): number | undefined {
  return shares.length > 0 ? undefined : Math.max(diskBytes, largestDiskBytes);
}
