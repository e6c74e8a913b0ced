import { layerInvalid } from '../tar/layer-error.js';
import { WHITEOUT_PREFIX } from './whiteout.js';

/** Linux's NAME_MAX; also the limit of an EROFS directory entry. */
const MAX_NAME_BYTES = 255;
/**
 * Far over PATH_MAX, which such a path may exceed, but too short to create directories by the
 * million.
 */
const MAX_PATH_BYTES = 1 << 16;

/**
 * An entry's path below the root: no leading slash, no empty, `.` or `..` component; '' is the
 * root. Absolute paths and `..` are contained rather than refused: `..` stops at the root, as in a
 * chroot.
 */
export function cleanPath(name: string): string {
  if (name.length > MAX_PATH_BYTES)
    throw layerInvalid(name, `its path is over ${MAX_PATH_BYTES} bytes`);
  if (isClean(name)) return name;
  const kept: string[] = [];
  for (const component of name.split('/')) {
    if (component === '' || component === '.') continue;
    if (component === '..') {
      kept.pop();
      continue;
    }
    kept.push(component);
  }
  for (const [index, component] of kept.entries()) {
    // Even the longest name can be hidden; its marker never becomes a file.
    const isMarker = index === kept.length - 1 && component.startsWith(WHITEOUT_PREFIX);
    const most = MAX_NAME_BYTES + (isMarker ? WHITEOUT_PREFIX.length : 0);
    if (component.length > most)
      throw layerInvalid(name, `a name in it is over ${MAX_NAME_BYTES} bytes`);
  }
  return kept.join('/');
}

/**
 * Most names need no work: short, relative, with no component that is empty or starts with a dot.
 */
function isClean(name: string): boolean {
  return (
    name.length > 0 && name.length <= MAX_NAME_BYTES && !/(?:^|\/)(?:\.|\/)|\/$|^\//.test(name)
  );
}
