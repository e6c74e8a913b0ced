import type { EntryKind } from './toc.js';

/** What a name in the merged tree refers to; hard links are names that share one. */
export interface Inode {
  kind: Exclude<EntryKind, 'hardlink' | 'whiteout' | 'opaque'>;
  mode: number;
  uid: number;
  gid: number;
  mtimeSec: number;
  mtimeNsec: number;
  size: number;
  /**
   * The layer whose data holds the content (index into the image's layers), and the content's first
   * block.
   */
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
  /** The layer that last removed everything that lower layers have below here. */
  clearedBy: number;
}

/** A tree under construction. */
export interface Tree {
  root: Directory;
  /** Directories created only because a path led through them. */
  impliedDirectories: number;
  /** How many components of symlink targets were followed to find entries' parents. */
  linkSteps: number;
}

export interface Name {
  inode: Inode | Directory;
  /** The layer that created this name: a whiteout hides only names of lower layers. */
  madeBy: number;
}

export function isDirectory(inode: Inode): inode is Directory {
  return inode.kind === 'directory';
}

/**
 * A directory that no entry describes: 0755, owned by root, time 0. Without `parent` it is a root.
 */
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
