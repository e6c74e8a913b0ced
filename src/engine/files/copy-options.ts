import { lastName } from './copy-path.js';

/** How `copyInto` and `copyOut` copy. */
export interface CopyOptions {
  /** Directories may be copied, with all in them; default true. Without, a directory is an error. */
  recursive?: boolean;
  /** Replace files that are at the destination; default true. Without, one that is there is an error. */
  overwrite?: boolean;
  /** Copy what links lead to, everywhere in the source, instead of the links; default false. */
  followSymlinks?: boolean;
  /**
   * A directory goes into an existing destination by its own name; default true. Without, what is in it
   * does, as if the source ended in `/.`.
   */
  includeParent?: boolean;
  /** Follow a link that the source itself is; default false. */
  followSource?: boolean;
  /**
   * Keep owners, set-user-id bits, device nodes and extended attributes as far as one may; default false:
   * files belong to root in the box and to the caller on the host.
   */
  archive?: boolean;
  /** Receives what was left out, and which files changed while they were read. */
  onWarning?: (text: string) => void;
  /** Receives the bytes of the archive that have passed so far. */
  onProgress?: (bytes: number) => void;
  /** Ends the copy: what is half there is removed, what is whole stays. */
  signal?: AbortSignal;
}

export interface CopyResult {
  /** Of the content of files. */
  bytes: number;
  /** Files, directories and links. */
  entries: number;
  /** Bytes of the archive that passed between host and box. */
  transferred: number;
}

/** Words for the end that packs (native/archive/command.h). */
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
 * Words for a box's end that unpacks. A box may be given what the host must not take from one. It says that it
 * is done when all is on the box's disk: its machine may be killed at any moment, and its memory with it.
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

/**
 * Words for the host's end that unpacks what a box sends. How that is called here is for the host to say: a
 * box that was asked for `results` may answer with `.bashrc` (as in CVE-2019-6111).
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
