import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BoxliteError } from '../../errors.js';

/**
 * A layer's table of contents: its entries in the archive's order, in which they are applied, as
 * one JSON array per line. The last line counts and hashes the others: version, entries, blocks of
 * data, digest and, in newer ones, the bytes of all files. Names, targets and attribute values are
 * bytes in latin1 strings.
 */
export const TOC_VERSION = 1;

export type EntryKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'character'
  | 'block'
  | 'fifo'
  /** Hides `path` of lower layers. */
  | 'whiteout'
  /** Hides what lower layers have in the directory `path`. */
  | 'opaque';

export interface LayerEntry {
  kind: EntryKind;
  /** Clean path below the root, '' for the root itself. */
  path: string;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  mtimeSec: number;
  mtimeNsec: number;
  /** Bytes of a file's content. */
  size: number;
  /** Where the content begins in the layer's data, in 4096-byte blocks. */
  block: number;
  /** A symlink's text; a hard link's clean path. */
  target: string;
  major: number;
  minor: number;
  xattrs: [name: string, value: string][];
}

const LETTERS: Readonly<Record<EntryKind, string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  character: 'c',
  block: 'b',
  fifo: 'p',
  whiteout: 'w',
  opaque: 'o',
};
const KINDS = new Map(
  (Object.entries(LETTERS) as [EntryKind, string][]).map(([kind, letter]) => [letter, kind]),
);

const WRITE_BYTES = 256 * 1024;

/** Collects lines synchronously; `drain` writes them once there are enough. */
export class TocWriter {
  #lines: string[] = [];
  /** Characters in `#lines`. */
  #pending = 0;
  #bytes = 0;
  #entries = 0;
  #fileBytes = 0;
  readonly #hash = createHash('sha256');

  constructor(readonly file: FileHandle) {}

  get entries(): number {
    return this.#entries;
  }

  /** Characters of all lines so far. */
  get bytes(): number {
    return this.#bytes;
  }

  add(entry: LayerEntry): void {
    const line = JSON.stringify([
      LETTERS[entry.kind],
      entry.path,
      entry.mode,
      entry.uid,
      entry.gid,
      entry.mtimeSec,
      entry.mtimeNsec,
      entry.size,
      entry.block,
      entry.target,
      entry.major,
      entry.minor,
      entry.xattrs.flat(),
    ]);
    this.#lines.push(line);
    this.#pending += line.length;
    this.#bytes += line.length;
    this.#entries++;
    this.#fileBytes += fileBytesOf(entry);
  }

  async drain(): Promise<void> {
    if (this.#pending >= WRITE_BYTES) await this.#write();
  }

  /** @param blocks length of the layer's data in 4096-byte blocks */
  async finish(blocks: number): Promise<void> {
    await this.#write();
    const counts = [TOC_VERSION, this.#entries, blocks];
    const digest = this.#hash.update(JSON.stringify(counts)).digest('hex');
    await this.file.writeFile(`${JSON.stringify([...counts, digest, this.#fileBytes])}\n`);
  }

  async #write(): Promise<void> {
    if (this.#lines.length === 0) return;
    const bytes = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#pending = 0;
    this.#hash.update(bytes);
    await this.file.writeFile(bytes);
  }
}

/** Longer than the last line. */
export const FOOTER_BYTES = 256;

/**
 * The total size of the layer's files, from the end of its table of contents.
 * @param tail its last FOOTER_BYTES, or all of it
 * @returns undefined when it is not recorded there
 */
export function fileBytesOfFooter(tail: Buffer): number | undefined {
  const line = tail.subarray(tail.lastIndexOf(0x0a, tail.length - 2) + 1);
  const bytes = parseLine(line, 0, line.length, 'a table of contents')[4];
  return typeof bytes === 'number' ? bytes : undefined;
}

export function fileBytesOf({ kind, size }: Pick<LayerEntry, 'kind' | 'size'>): number {
  return kind === 'file' ? size : 0;
}

export interface Toc {
  entries: LayerEntry[];
  blocks: number;
}

/**
 * @param path only for the message
 * @throws BoxliteError 'image-corrupt' for anything but a whole table of contents
 */
export function parseToc(bytes: Buffer, path: string): Toc {
  const footerStart = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
  const body = bytes.subarray(0, footerStart);
  const [version, count, blocks, digest, told] = parseLine(bytes, footerStart, bytes.length, path);
  if (version !== TOC_VERSION || typeof blocks !== 'number') throw corrupt(path, 'its footer');
  const hash = createHash('sha256').update(body);
  if (hash.update(JSON.stringify([version, count, blocks])).digest('hex') !== digest)
    throw corrupt(path, 'its digest');
  const entries: LayerEntry[] = [];
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(0x0a, start);
    entries.push(toEntry(parseLine(body, start, end, path), path));
    start = end + 1;
  }
  if (entries.length !== count) throw corrupt(path, 'its number of entries');
  // Not part of the hash, so that programs that don't know the field still read the rest.
  const bytesOfAll = entries.reduce((sum, entry) => sum + fileBytesOf(entry), 0);
  if (told !== undefined && told !== bytesOfAll) throw corrupt(path, 'its size of all files');
  return { entries, blocks };
}

function parseLine(bytes: Buffer, start: number, end: number, path: string): unknown[] {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8', start, end));
    if (Array.isArray(value)) return value as unknown[];
  } catch (error) {
    throw corrupt(path, 'a line that is not JSON', error);
  }
  throw corrupt(path, 'a line that is no array');
}

function toEntry(line: unknown[], path: string): LayerEntry {
  const number = (index: number): number => {
    const value = line[index];
    if (typeof value !== 'number') throw corrupt(path, 'a number');
    return value;
  };
  const text = (index: number): string => {
    const value = line[index];
    if (typeof value !== 'string') throw corrupt(path, 'a string');
    return value;
  };
  const kind = KINDS.get(text(0));
  if (kind === undefined) throw corrupt(path, 'a kind of entry');
  return {
    kind,
    path: text(1),
    mode: number(2),
    uid: number(3),
    gid: number(4),
    mtimeSec: number(5),
    mtimeNsec: number(6),
    size: number(7),
    block: number(8),
    target: text(9),
    major: number(10),
    minor: number(11),
    xattrs: toPairs(line[12], path),
  };
}

function toPairs(value: unknown, path: string): [string, string][] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw corrupt(path, 'extended attributes');
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < value.length; i += 2) pairs.push([value[i] ?? '', value[i + 1] ?? '']);
  return pairs;
}

function corrupt(path: string, what: string, cause?: unknown): BoxliteError {
  return new BoxliteError('image-corrupt', `${path} is damaged: ${what} is wrong`, {
    cause,
    hint: 'remove the image and pull it again',
  });
}
