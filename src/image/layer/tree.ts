import type { EntryKind } from './toc.js';

/** What a name in the merged tree leads to; hard links are names that share one. */
export interface Inode {
  kind: Exclude<EntryKind, 'hardlink' | 'whiteout' | 'opaque'>;
  mode: number;
  uid: number;
  gid: number;
  mtimeSec: number;
  mtimeNsec: number;
  size: number;
  /** Which layer's data holds the content (index into the image's layers), and the block it begins at. */
  layer: number;
  block: number;
  /** A symlink's text. */
  target: string;
  major: number;
  minor: number;
  xattrs: [name: string, value: string][];
}

export interface Directory extends Inode {
  kind: 'directory';
  names: Map<string, Name>;
  /** The root is its own parent, as in any file system. */
  parent: Directory;
  /** The layer on whose behalf all that lower layers have below here was last taken away. */
  clearedBy: number;
}

/** A tree under construction. */
export interface Tree {
  root: Directory;
  /** Directories made only because a path went through them. */
  impliedDirectories: number;
  /** Components of symlinks' targets that were gone through on the way to an entry's parent. */
  linkSteps: number;
}

export interface Name {
  inode: Inode | Directory;
  /** The layer that made this name: a whiteout hides only what lower layers have. */
  madeBy: number;
}

export function isDirectory(inode: Inode): inode is Directory {
  return inode.kind === 'directory';
}

/** A directory nobody described: 0755, root's, of the epoch. Without `parent` it is a root. */
export function newDirectory(parent: Directory | undefined): Directory {
  const directory: Omit<Directory, 'parent'> = {
    kind: 'directory',
    ...PLAIN_DIRECTORY,
    size: 0,
    layer: 0,
    block: 0,
    target: '',
    major: 0,
    minor: 0,
    names: new Map(),
    clearedBy: -1,
  };
  const whole = directory as Directory;
  whole.parent = parent ?? whole;
  return whole;
}

/** Attributes of a parent directory that no entry describes. */
export const PLAIN_DIRECTORY = {
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  xattrs: [] as [string, string][],
};
