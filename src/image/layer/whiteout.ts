import { layerInvalid } from '../tar/layer-error.js';

export const WHITEOUT_PREFIX = '.wh.';
const OPAQUE_NAME = '.wh..wh..opq';
/** AUFS kept its own bookkeeping under such names; they never were content. */
const META_PREFIX = '.wh..wh.';

export type NameMeaning =
  { is: 'content' } | { is: 'opaque' } | { is: 'metadata' } | { is: 'whiteout'; of: string };

/**
 * The meaning of the last component of an entry's path (OCI image-spec, layer.md, "Whiteouts"). A
 * whiteout of nothing, of `.` or of `..` would affect the directory itself or its parent.
 */
export function readWhiteout(path: string): NameMeaning {
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (!base.startsWith(WHITEOUT_PREFIX)) return { is: 'content' };
  if (base === OPAQUE_NAME) return { is: 'opaque' };
  if (base.startsWith(META_PREFIX)) return { is: 'metadata' };
  const of = base.slice(WHITEOUT_PREFIX.length);
  if (of === '' || of === '.' || of === '..')
    throw layerInvalid(path, 'a whiteout must name something in its directory');
  return { is: 'whiteout', of };
}
