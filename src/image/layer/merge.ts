import { BoxliteError } from '../../errors.js';
import { layerInvalid } from '../tar/layer-error.js';
import { parentIn } from './resolve-in-root.js';
import type { LayerEntry } from './toc.js';
import {
  type Directory,
  type Inode,
  isDirectory,
  newDirectory,
  PLAIN_DIRECTORY,
  type Tree,
} from './tree.js';

/** A tree of this many names takes about 3 GB, the memory that a process has by default. */
const MAX_ENTRIES = 4_000_000;

/**
 * Computes, without unpacking, the tree that results from unpacking the layers in order (OCI
 * image-spec, layer.md).
 *
 * Where the specification is silent, it follows containerd and umoci: a parent that is a symlink is
 * followed inside the root; a directory over a directory replaces its attributes and keeps its
 * names; anything else replaces what was there; missing parents are created; a parent of any other
 * kind is an error. A hard link takes the attributes of its target.
 */
export class LayerMerge {
  readonly #tree: Tree = { root: newDirectory(undefined), impliedDirectories: 0, linkSteps: 0 };
  #layers = 0;
  #entries = 0;

  /** The tree of the layers so far. */
  get root(): Directory {
    return this.#tree.root;
  }

  /**
   * Applies the next layer, counted from the lowest, on top of the previous ones.
   * @throws BoxliteError 'layer-invalid', 'unsupported' (too many entries)
   */
  add(entries: readonly LayerEntry[]): void {
    this.#entries += entries.length;
    if (this.#entries > MAX_ENTRIES)
      throw new BoxliteError(
        'unsupported',
        `the image's layers have more than ${MAX_ENTRIES} entries together`,
      );
    for (const entry of entries) apply(this.#tree, entry, this.#layers);
    this.#layers++;
  }
}

function apply(tree: Tree, entry: LayerEntry, layer: number): void {
  switch (entry.kind) {
    case 'whiteout':
      whiteOut(tree, entry, layer);
      break;
    case 'opaque':
      makeOpaque(tree, entry, layer);
      break;
    case 'hardlink':
      link(tree, entry, layer);
      break;
    default:
      place(tree, { ...entry, kind: entry.kind }, layer);
  }
}

function place(tree: Tree, entry: LayerEntry & { kind: Inode['kind'] }, layer: number): void {
  const { kind, mode, uid, gid, mtimeSec, mtimeNsec, size, block, target, major, minor, xattrs } =
    entry;
  const attributes = { mode, uid, gid, mtimeSec, mtimeNsec, xattrs };
  if (entry.path === '') {
    Object.assign(tree.root, attributes);
    return;
  }
  const { directory, base } = makeParent(tree, entry, layer);
  if (kind !== 'directory') {
    const inode = { kind, ...attributes, size, layer, block, target, major, minor };
    directory.names.set(base, { inode, madeBy: layer });
    return;
  }
  const existing = directory.names.get(base)?.inode;
  const inode =
    existing !== undefined && isDirectory(existing) ? existing : newDirectory(directory);
  Object.assign(inode, attributes);
  directory.names.set(base, { inode, madeBy: layer });
}

function link(tree: Tree, entry: LayerEntry, layer: number): void {
  const found = parentIn(tree, entry.target, 'find');
  const target = found?.directory.names.get(found.base)?.inode;
  if (target === undefined) throw layerInvalid(entry.path, 'it links to a file that is not there');
  if (isDirectory(target)) throw layerInvalid(entry.path, 'it is a hard link to a directory');
  const { directory, base } = makeParent(tree, entry, layer);
  directory.names.set(base, { inode: target, madeBy: layer });
}

function whiteOut(tree: Tree, entry: LayerEntry, layer: number): void {
  const found = parentIn(tree, entry.path, 'find');
  const name = found?.directory.names.get(found.base);
  if (found === undefined || name === undefined) return;
  if (isDirectory(name.inode) && !hideLower(name.inode, layer)) {
    // The directory holds names of this same layer, which a whiteout must spare, so it stays.
    if (name.madeBy !== layer) Object.assign(name.inode, PLAIN_DIRECTORY);
    name.madeBy = layer;
  } else if (name.madeBy !== layer) found.directory.names.delete(found.base);
}

function makeOpaque(tree: Tree, entry: LayerEntry, layer: number): void {
  // The marker is inside its directory, so find or create that as for any other entry in it.
  const { directory } = makeParent(tree, { ...entry, path: `${entry.path}/.` }, layer);
  hideLower(directory, layer);
}

/** Removes what lower layers put below a directory. @returns whether nothing at all remains */
function hideLower(top: Directory, layer: number): boolean {
  // Parents come before their children, so reverse order visits children first, without recursion.
  const order = top.clearedBy === layer ? [] : [top];
  for (const directory of order) {
    directory.clearedBy = layer;
    for (const { inode } of directory.names.values())
      if (isDirectory(inode) && inode.clearedBy !== layer) order.push(inode);
  }
  for (const directory of order.reverse())
    for (const [base, name] of directory.names) {
      if (name.madeBy === layer) continue;
      if (!isDirectory(name.inode) || name.inode.names.size === 0) directory.names.delete(base);
      else {
        Object.assign(name.inode, PLAIN_DIRECTORY);
        name.madeBy = layer;
      }
    }
  return top.names.size === 0;
}

function makeParent(
  tree: Tree,
  entry: LayerEntry,
  layer: number,
): { directory: Directory; base: string } {
  const found = parentIn(tree, entry.path, layer);
  if (found === undefined) throw layerInvalid(entry.path, 'its parent is not a directory');
  return found;
}
