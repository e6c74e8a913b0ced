import { layerInvalid } from '../tar/layer-error.js';
import type { TarEntry } from '../tar/reader.js';
import { cleanPath } from './path.js';
import type { LayerEntry } from './toc.js';
import { readWhiteout } from './whiteout.js';

/** Linux reserves (uid_t)−1 for "unchanged". */
const MAX_ID = 0xfffffffe;
/** Linux's dev_t: 12 bits major, 20 minor. */
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;
/** PATH_MAX without its NUL: no unpacker could create a longer link. */
const MAX_TARGET_BYTES = 4095;
const MAX_XATTR_NAME_BYTES = 255;
/** The most that an EROFS attribute's length field can express. */
const MAX_XATTR_VALUE_BYTES = 0xffff;
/** Half of what an EROFS inode can carry. */
const MAX_XATTR_TOTAL_BYTES = 1 << 17;

/**
 * A tar entry for the layer's table of contents, or undefined if it means nothing there.
 * @param block where a file's content begins in the layer's data
 * @throws BoxliteError 'layer-invalid'
 */
export function toLayerEntry(tar: TarEntry, block: number): LayerEntry | undefined {
  const path = cleanPath(tar.name);
  const meaning = readWhiteout(path);
  if (meaning.is === 'metadata') return undefined;
  const entry = describe(tar, path, block);
  const bare = { ...entry, xattrs: [], target: '', size: 0 };
  if (meaning.is === 'content')
    return isOverlayWhiteout(tar) ? { ...bare, kind: 'whiteout' } : entry;
  const directory = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  if (meaning.is === 'opaque') return { ...bare, kind: 'opaque', path: directory };
  const hidden = directory === '' ? meaning.of : `${directory}/${meaning.of}`;
  return { ...bare, kind: 'whiteout', path: hidden };
}

/**
 * In a box, overlayfs lies over the image and takes this device for a whiteout: the name would be
 * listed, but nobody could stat or remove it. Archives of an overlay's upper directory contain such
 * devices as whiteouts.
 */
function isOverlayWhiteout({ kind, major, minor }: TarEntry): boolean {
  return kind === 'character' && major === 0 && minor === 0;
}

function describe(tar: TarEntry, path: string, block: number): LayerEntry {
  checkId(tar.name, 'uid', tar.uid);
  checkId(tar.name, 'gid', tar.gid);
  if (tar.major < 0 || tar.major > MAX_MAJOR || tar.minor < 0 || tar.minor > MAX_MINOR)
    throw layerInvalid(tar.name, 'its device number is out of range');
  if (path === '' && tar.kind !== 'directory')
    throw layerInvalid(tar.name, `the root can't be a ${tar.kind}`);
  return {
    kind: tar.kind,
    path,
    // Linux gives every symlink this mode, whatever a tar says.
    mode: tar.kind === 'symlink' ? 0o777 : tar.mode,
    uid: tar.uid,
    gid: tar.gid,
    mtimeSec: tar.mtimeSec,
    mtimeNsec: tar.mtimeNsec,
    size: tar.size,
    block: tar.size === 0 ? 0 : block,
    target: targetOf(tar),
    major: tar.major,
    minor: tar.minor,
    xattrs: keptXattrs(tar),
  };
}

function checkId(name: string, field: string, id: number): void {
  if (id < 0 || id > MAX_ID) throw layerInvalid(name, `its ${field} ${id} is out of range`);
}

function targetOf(tar: TarEntry): string {
  if (tar.kind === 'hardlink') {
    const target = cleanPath(tar.linkName);
    if (target === '') throw layerInvalid(tar.name, 'it is a hard link to the root');
    return target;
  }
  if (tar.kind !== 'symlink') return '';
  if (tar.linkName === '') throw layerInvalid(tar.name, 'it is a symlink to nothing');
  if (tar.linkName.length > MAX_TARGET_BYTES)
    throw layerInvalid(tar.name, `its link target is over ${MAX_TARGET_BYTES} bytes`);
  return tar.linkName;
}

/**
 * Omits labels of the build machine, which mean nothing here; overlayfs' own marks, with which a
 * layer could hide or redirect parts of the merged tree; and user attributes on anything but files
 * and directories, where Linux allows none: they would be listed but unreadable.
 */
function keptXattrs(tar: TarEntry): [string, string][] {
  const mayHaveUsers = tar.kind === 'file' || tar.kind === 'directory';
  const kept = tar.xattrs.filter(
    ([name]) =>
      name !== 'security.selinux' &&
      !name.startsWith('trusted.overlay.') &&
      (mayHaveUsers || !name.startsWith('user.')),
  );
  let total = 0;
  for (const [name, value] of kept) {
    if (name.length > MAX_XATTR_NAME_BYTES || name.includes('\0'))
      throw layerInvalid(tar.name, 'the name of an extended attribute is malformed');
    if (value.length > MAX_XATTR_VALUE_BYTES)
      throw layerInvalid(tar.name, `an extended attribute is over ${MAX_XATTR_VALUE_BYTES} bytes`);
    total += name.length + value.length;
  }
  if (total > MAX_XATTR_TOTAL_BYTES)
    throw layerInvalid(
      tar.name,
      `its extended attributes are over ${MAX_XATTR_TOTAL_BYTES} bytes together`,
    );
  return kept;
}
