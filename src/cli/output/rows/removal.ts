import type { ImageRemoval } from '../../../engine/images/removal.js';
import { familiarReference } from '../text/reference.js';

/** A line for each name and image that is gone, under the caller's words for the two. */
export function removalLines(
  removals: readonly ImageRemoval[],
  untagged: string,
  deleted: string,
): string {
  return removals
    .map((each) =>
      'untagged' in each
        ? `${untagged}: ${familiarReference(each.untagged)}\n`
        : `${deleted}: ${each.deleted}\n`,
    )
    .join('');
}
