import { createHash } from 'node:crypto';
import { constants, createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { temporaryPath } from '../store/content-store.js';
import { DEFAULT_LAYER_LIMITS, LayerLimitError, type LayerLimits } from '../store/layer-limits.js';
import { decompress } from '../tar/decompress.js';
import { unpackArchive } from '../tar/unpack-archive.js';

/** A file of the archive or directory being loaded. */
export interface SourceFile {
  /** A regular file to read. */
  path: string;
  size: number;
}

/** The files of an image archive by their names in it. */
export interface ArchiveSource {
  find(name: string): Promise<SourceFile | undefined>;
  /** Deletes the spooled files. */
  close(): Promise<void>;
}

/**
 * Archives hold a handful of files per layer; more is an attack on our memory, and so are long
 * names.
 */
const MAX_ENTRIES = 100_000;
const MAX_NAME_BYTES = 16 * 2 ** 20;
/** More than any program writes after the end; we stop reading from one that never stops. */
const PADDING_BYTES = 2 ** 20;
/** Larger pax records hold nothing that we need, and take long to read. */
const MAX_PAX_BYTES = 64 * 1024;

/** An unpacked archive. Names that would leave the directory are not found. */
export function directorySource(directory: string): ArchiveSource {
  return {
    find: async (name) => {
      const inside = containedName(name);
      return inside === undefined ? undefined : regularFile(join(directory, inside));
    },
    close: () => Promise.resolve(),
  };
}

/**
 * Reads a tar, plain or compressed as layers are, to its end and spools its files under names of
 * our own: a name from the archive never becomes a path on the host.
 * @param limits no file may be larger than a layer; the same limit bounds how much the archive
 * grows when unpacked, which a few bytes can ask for
 * @throws BoxliteError `archive-invalid`, `layer-invalid` (over a limit), `no-space`
 */
export async function spoolTar(
  home: Home,
  source: AsyncIterable<Uint8Array>,
  what: string,
  limits: LayerLimits = DEFAULT_LAYER_LIMITS,
): Promise<ArchiveSource> {
  const directory = temporaryPath(home);
  const close = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await mkdir(directory);
    const spool = new Spool(directory, what, limits);
    await spool.read(source);
    return { find: (name) => Promise.resolve(spool.find(name)), close };
  } catch (error) {
    await close();
    throw errnoOf(error)?.startsWith('E') ? fileError(error, `spool ${what}`) : error;
  }
}

class Spool {
  private readonly files = new Map<string, SourceFile>();
  /** Link name → name of its target; old `docker save` links repeated layers. */
  private readonly links = new Map<string, string>();
  private readonly writing: Promise<void>[] = [];
  private readonly open = new Set<WriteStream>();
  private count = 0;
  private nameBytes = 0;

  constructor(
    private readonly directory: string,
    private readonly what: string,
    private readonly limits: LayerLimits,
  ) {}

  find(name: string): SourceFile | undefined {
    let wanted = containedName(name);
    for (let hops = 0; wanted !== undefined && hops < 8; hops++) {
      const file = this.files.get(wanted);
      if (file !== undefined) return file;
      wanted = this.links.get(wanted);
    }
    return undefined;
  }

  async read(source: AsyncIterable<Uint8Array>): Promise<void> {
    const parser = new Parser({ strict: true, maxMetaEntrySize: MAX_PAX_BYTES });
    const ended = new Promise<void>((resolve, reject) => {
      parser.on('error', (error: unknown) => reject(notAnArchive(this.what, error)));
      parser.on('end', resolve);
      parser.on('entry', (entry: ReadEntry) => {
        const kept = this.keep(entry);
        this.writing.push(kept);
        kept.catch(reject);
      });
    });
    // It may fail before we await it.
    ended.catch(() => undefined);
    try {
      await this.feed(parser, source, ended);
      await ended;
      await Promise.all(this.writing);
    } catch (error) {
      // Close all files before their removal.
      for (const file of this.open) file.destroy();
      await Promise.allSettled(this.writing);
      throw error;
    }
    if (this.count === 0) throw notAnArchive(this.what, new Error('it holds no entries'));
  }

  private async feed(
    parser: Parser,
    source: AsyncIterable<Uint8Array>,
    ended: Promise<void>,
  ): Promise<void> {
    let onDrain = (): void => undefined;
    parser.on('drain', () => onDrain());
    const state = { failed: false, over: false };
    ended.catch(() => (state.failed = true));
    parser.on('eof', () => (state.over = true));
    let after = 0;
    const size = { packed: 0, unpacked: 0 };
    for await (const chunk of unpacked(unpackArchive(counted(source, size)), this.what)) {
      size.unpacked += chunk.length;
      if (size.unpacked - size.packed > this.limits.bytes)
        throw this.overLimit(`unpacks to ${this.limits.bytes} bytes more than it has`);
      // What follows the two empty blocks is not part of the archive; up to the limit it is
      // padding.
      if (state.over) {
        after += chunk.length;
        if (after > PADDING_BYTES) break;
        continue;
      }
      const drained = new Promise<void>((resolve) => (onDrain = resolve));
      if (!parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)))
        await Promise.race([drained, ended]);
      if (state.failed) return;
    }
    parser.end();
  }

  private async keep(entry: ReadEntry): Promise<void> {
    if (++this.count > MAX_ENTRIES) throw this.invalid('it has too many entries');
    this.nameBytes += entry.path.length + (entry.linkpath?.length ?? 0);
    if (this.nameBytes > MAX_NAME_BYTES) throw this.invalid('its names are too long');
    const name = containedName(entry.path);
    if (name !== undefined && entry.linkpath !== undefined) this.keepLink(name, entry);
    if (name === undefined || (entry.type !== 'File' && entry.type !== 'OldFile')) {
      entry.resume();
      return;
    }
    if (entry.size > this.limits.bytes)
      throw this.overLimit(`holds a file of more than ${this.limits.bytes} bytes`);
    const path = join(this.directory, String(this.count));
    const file = createWriteStream(path);
    this.open.add(file);
    await pipeline(entry as unknown as AsyncIterable<Buffer>, file);
    this.open.delete(file);
    this.files.set(name, { path, size: entry.size });
  }

  private invalid(fault: string): BoxliteError {
    return notAnArchive(this.what, new Error(fault));
  }

  private overLimit(fault: string): BoxliteError {
    return new LayerLimitError(`${this.what} ${fault}`, 'bytes');
  }

  private keepLink(name: string, entry: ReadEntry): void {
    const target = entry.linkpath ?? '';
    const from = entry.type === 'Link' ? '.' : posix.dirname(name);
    const inside = containedName(posix.join(from, target));
    if (inside !== undefined && !posix.isAbsolute(target)) this.links.set(name, inside);
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  size: { packed: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    size.packed += chunk.length;
    yield chunk;
  }
}

/** Reports compression faults for the archive: the caller knows of no layer. */
async function* unpacked(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Buffer> {
  try {
    yield* decompress(source);
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code !== 'layer-invalid') throw error;
    throw notAnArchive(what, error);
  }
}

/** Reads a small file of the source. */
export async function readSource(file: SourceFile, maxBytes: number): Promise<Buffer> {
  if (file.size > maxBytes)
    throw new BoxliteError(
      'archive-invalid',
      `a file of ${file.size} bytes where ≤ ${maxBytes} is due`,
    );
  const chunks: Buffer[] = [];
  for await (const chunk of readFrom(file, 0)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export function readFrom(file: SourceFile, offset: number): AsyncIterable<Uint8Array> {
  return createReadStream(file.path, { start: offset }) as AsyncIterable<Buffer>;
}

/** Digest of a file for which the archive gives none. */
export async function digestSource(file: SourceFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readFrom(file, 0)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** The name in its shortest form, or undefined for one that points outside. */
function containedName(name: string): string | undefined {
  const short = posix.normalize(name);
  const outside = posix.isAbsolute(short) || short === '..' || short.startsWith('../');
  return outside || short.includes('\0') ? undefined : short;
}

/** Opens without blocking, so that a pipe in place of a file can't stall us. */
async function regularFile(path: string): Promise<SourceFile | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      return stat.isFile() ? { path, size: stat.size } : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw fileError(error, `read ${path}`);
  }
}

function notAnArchive(what: string, cause: unknown): BoxliteError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BoxliteError('archive-invalid', `${what} is not a whole tar archive: ${reason}`, {
    cause,
    hint: 'give an image archive as `docker save` or `skopeo copy` write it',
  });
}
