import { lastName } from './copy-path.js';

/** How `copyInto` and `copyOut` copy. */
export interface CopyOptions {
  /** Copy directories with their content; default true. If false, a directory is an error. */
  recursive?: boolean;
  /** Replace files at the destination; default true. If false, an existing one is an error. */
  overwrite?: boolean;
  /** Copy the targets of links, everywhere in the source, instead of the links; default false. */
  followSymlinks?: boolean;
  /**
   * Copy a directory into an existing destination under its own name; default true. If false, only its
   * content is copied, as if the source ended in `/.`.
   */
  includeParent?: boolean;
  /** If the source itself is a link, copy its target; default false. */
  followSource?: boolean;
  /**
   * Keep owners, set-user-id bits, device nodes and extended attributes as far as permitted; default false:
   * files belong to root in the box, to the caller on the host.
   */
  archive?: boolean;
  /** Receives a warning for each file that was skipped or that changed while it was read. */
  onWarning?: (text: string) => void;
  /** Receives the number of archive bytes transferred so far. */
  onProgress?: (bytes: number) => void;
  /** Aborts the copy: incomplete files are removed, complete ones stay. */
  signal?: AbortSignal;
}

export interface CopyResult {
  /** Bytes of file content. */
  bytes: number;
  /** Files, directories and links. */
  entries: number;
  /** Bytes of the archive that passed between host and box. */
  transferred: number;
}

/** Arguments for the packing end (native/archive/command.h). */
export function packWords(options: CopyOptions, sparse: boolean): string[] {
  return words({
    'follow-source': options.followSource === true,
    'follow-all': options.followSymlinks === true,
    attributes: options.archive === true,
    sparse,
    directories: options.recursive !== false,
  });
}

/**
 * Arguments for unpacking in a box. A box may receive what the host must not accept from one. It reports
 * success only when all is on the box's disk: its machine may be killed at any moment, and its memory is lost
 * then.
 * @param foreign the archive is the caller's own
 */
export function unpackInBoxWords(options: CopyOptions, foreign: boolean): string[] {
  return words({
    foreign,
    keep: options.overwrite === false,
    owners: options.archive === true,
    attributes: options.archive === true,
    privileges: true,
    sync: true,
    direct: true,
  });
}

/** The same for the directory of a shared volume: what boxes may not make there, no archive makes either. */
export function unpackInVolumeWords(options: CopyOptions, foreign: boolean): string[] {
  return unpackInBoxWords(options, foreign).filter((word) => word !== 'privileges');
}

/**
 * Arguments for unpacking on the host what a box sends. The host decides the name: a box that was asked for
 * `results` may answer with `.bashrc` (as in CVE-2019-6111).
 * @param source the box's path, as `boxPath` gives it
 */
export function unpackHereWords(options: CopyOptions, source: string): string[] {
  const choices = words({
    file: options.recursive === false,
    keep: options.overwrite === false,
    owners: options.archive === true,
    attributes: options.archive === true,
    privileges: options.archive === true,
  });
  return ['as', lastName(source), ...choices];
}

function words(choices: Record<string, boolean>): string[] {
  return Object.keys(choices).filter((word) => choices[word] === true);
}
