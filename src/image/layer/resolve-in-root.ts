import { layerInvalid } from '../tar/layer-error.js';
import { type Directory, isDirectory, newDirectory, type Tree } from './tree.js';

/** As many as other widely used resolvers follow; more is a loop. */
const MAX_SYMLINKS = 255;
/** Without it, a few long paths could ask for more directories than memory holds. */
const MAX_IMPLIED_DIRECTORIES = 1_000_000;
/**
 * Each entry may follow 255 links of 2,000 components: hours of work for an archive of a few MB. An
 * image with every file behind a link of three components reaches this limit at 10 million files.
 */
const MAX_LINK_STEPS = 30_000_000;

/**
 * Finds the directory that holds a path's last name, following symlinks inside the root: an
 * absolute target starts at the image's root and `..` never climbs above it. So a link that points
 * out of the image (`etc -> /etc` of the host, `../../..`) stays in the image.
 * @param path clean path below the root, not ''
 * @param onMissing 'find', or the number of the layer that creates missing directories
 * @returns undefined when a directory is missing ('find') or a component is not a directory
 */
export function parentIn(
  tree: Tree,
  path: string,
  onMissing: 'find' | number,
): { directory: Directory; base: string } | undefined {
  const ahead = path.split('/').reverse();
  let directory = tree.root;
  let followed = 0;
  for (;;) {
    const component = ahead.pop() ?? '';
    if (ahead.length === 0) return { directory, base: component };
    if (component === '' || component === '.') continue;
    if (component === '..') {
      directory = directory.parent;
      continue;
    }
    const next = directory.names.get(component)?.inode;
    if (next === undefined) {
      if (onMissing === 'find') return undefined;
      if (++tree.impliedDirectories > MAX_IMPLIED_DIRECTORIES)
        throw layerInvalid(path, `over ${MAX_IMPLIED_DIRECTORIES} parents have no entry`);
      const made = newDirectory(directory);
      directory.names.set(component, { inode: made, madeBy: onMissing });
      directory = made;
    } else if (isDirectory(next)) {
      directory = next;
    } else if (next.kind === 'symlink') {
      if (++followed > MAX_SYMLINKS) throw layerInvalid(path, 'its parents are a loop of symlinks');
      if (next.target.startsWith('/')) directory = tree.root;
      const ofLink = next.target.split('/').reverse();
      tree.linkSteps += ofLink.length;
      if (tree.linkSteps > MAX_LINK_STEPS)
        throw layerInvalid(
          path,
          `the parents up to it are over ${MAX_LINK_STEPS} names of symlinks`,
        );
      ahead.push(...ofLink);
    } else {
      return undefined;
    }
  }
}
