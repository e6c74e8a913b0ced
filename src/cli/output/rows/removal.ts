import type { ImageRemoval } from '../../../engine/images/removal.js';
import { familiarReference } from '../text/reference.js';

/** A line for each removed name and image, with the caller's words for the two. */
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
