import { isZeroBlock, parseTarHeader, TAR_BLOCK, type TarHeader } from './header.js';
import { layerInvalid, showName } from './layer-error.js';
import { parsePax, type PaxOverrides } from './pax.js';
import {
  checkSparseMap,
  oldGnuRealSize,
  paxSparse,
  readOldGnuSparse,
  type SparseMap,
  SparseMapReader,
} from './sparse.js';

export type TarKind =
  'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

/**
 * An entry with every extension header applied. Names and attribute values are bytes in latin1
 * strings.
 */
export interface TarEntry {
  kind: TarKind;
  name: string;
  linkName: string;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of a file's content, holes included; 0 for every other kind. */
  size: number;
  mtimeSec: number;
  mtimeNsec: number;
  major: number;
  minor: number;
  xattrs: [name: string, value: string][];
}

/** Called in the archive's order, synchronously from `push`. `data` buffers are only lent. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  data(bytes: Buffer): void;
  /** This many zero bytes of the file come next. */
  hole(bytes: number): void;
  /** A file's content is complete. */
  done(): void;
}

/** Limit of one long name or one set of pax records; every common tool stays far below. */
const MAX_EXTENSION_BYTES = 1 << 20;
/** Consecutive extension headers before their entry. */
const MAX_EXTENSIONS = 16;
const KINDS: Readonly<Record<string, TarKind>> = {
  '\0': 'file', // in old archives
  '0': 'file',
  '7': 'file', // contiguous file: treated as a regular one everywhere
  S: 'file', // GNU sparse
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

type State = 'header' | 'extension' | 'sparse-header' | 'sparse-map' | 'data' | 'pad' | 'ended';

/**
 * A push parser for tar: `push` any chunks, then `end`. It keeps at most one extension header.
 * Formats: V7, ustar, pax (POSIX.1-2017), GNU (long names, base-256, sparse 0.0 to 1.0), star. It
 * ignores a global pax header, as the Go library of other engines does.
 */
export class TarReader {
  #state: State = 'header';
  readonly #block = Buffer.alloc(TAR_BLOCK);
  #blockFill = 0;
  #zeroBlocks = 0;

  #extensionType = '';
  #extension = Buffer.alloc(0);
  #extensionFill = 0;
  #extensions = 0;
  #longName: string | undefined;
  #longLink: string | undefined;
  #pax: PaxOverrides | undefined;

  #entry: TarEntry | undefined;
  #sparseMap: number[] = [];
  #mapReader: SparseMapReader | undefined;
  #dataLeft = 0;
  #padLeft = 0;
  /** The entry's data segments: pairs of file offset and length. */
  #segments: SparseMap = [];
  #segment = 0;
  #segmentLeft = 0;
  #fileOffset = 0;

  constructor(readonly handler: TarHandler) {}

  /** @throws BoxliteError 'layer-invalid', naming the entry and the rule. */
  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      switch (this.#state) {
        case 'data':
          offset += this.#pushData(chunk, offset);
          break;
        case 'pad': {
          const skipped = Math.min(this.#padLeft, chunk.length - offset);
          offset += skipped;
          this.#padLeft -= skipped;
          if (this.#padLeft === 0) this.#state = 'header';
          break;
        }
        case 'extension':
          offset += this.#pushExtension(chunk, offset);
          break;
        case 'ended':
          return;
        default:
          offset += this.#pushBlock(chunk, offset);
      }
    }
  }

  /** A tar may end without its two zero blocks, but not inside anything. */
  end(): void {
    if (this.#state === 'ended') return;
    const pending = this.#extensions > 0 || this.#blockFill > 0;
    if (this.#state !== 'header' || pending)
      throw layerInvalid(this.#entry?.name ?? '(header)', 'the archive ends in the middle of it');
  }

  #pushBlock(chunk: Buffer, offset: number): number {
    if (this.#blockFill === 0 && chunk.length - offset >= TAR_BLOCK) {
      this.#takeBlock(chunk.subarray(offset, offset + TAR_BLOCK));
      return TAR_BLOCK;
    }
    const taken = chunk.copy(this.#block, this.#blockFill, offset);
    this.#blockFill += taken;
    if (this.#blockFill === TAR_BLOCK) {
      this.#blockFill = 0;
      this.#takeBlock(this.#block);
    }
    return taken;
  }

  #takeBlock(block: Buffer): void {
    if (this.#state === 'sparse-header') this.#takeSparseHeader(block);
    else if (this.#state === 'sparse-map') this.#takeSparseMap(block);
    else this.#takeHeader(block);
  }

  #takeHeader(block: Buffer): void {
    if (isZeroBlock(block)) {
      if (++this.#zeroBlocks === 2) {
        if (this.#extensions > 0)
          throw layerInvalid('(header)', 'an extension header has no entry');
        this.#state = 'ended';
      }
      return;
    }
    if (this.#zeroBlocks > 0)
      throw layerInvalid('(header)', 'a single zero block stands between entries');
    const header = parseTarHeader(block);
    if (header.size < 0) throw layerInvalid(header.name, 'its size is negative');
    if ('xgLK'.includes(header.type)) this.#startExtension(header);
    else this.#startEntry(header, block);
  }

  #startExtension(header: TarHeader): void {
    if (header.size > MAX_EXTENSION_BYTES)
      throw layerInvalid(header.name, `an extension header is over ${MAX_EXTENSION_BYTES} bytes`);
    if (++this.#extensions > MAX_EXTENSIONS)
      throw layerInvalid(header.name, `more than ${MAX_EXTENSIONS} extension headers in a row`);
    this.#extensionType = header.type;
    this.#extension = Buffer.alloc(header.size);
    this.#extensionFill = 0;
    this.#padLeft = padding(header.size);
    if (header.size === 0) this.#finishExtension();
    else this.#state = 'extension';
  }

  #pushExtension(chunk: Buffer, offset: number): number {
    const taken = chunk.copy(this.#extension, this.#extensionFill, offset);
    this.#extensionFill += taken;
    if (this.#extensionFill === this.#extension.length) this.#finishExtension();
    return taken;
  }

  #finishExtension(): void {
    const body = this.#extension;
    switch (this.#extensionType) {
      case 'x':
        this.#pax = parsePax(body);
        break;
      case 'L':
        this.#longName = untilNul(body);
        break;
      case 'K':
        this.#longLink = untilNul(body);
        break;
      default:
        // A global header belongs to no entry, so it may also come last.
        this.#extensions--;
    }
    this.#state = this.#padLeft > 0 ? 'pad' : 'header';
  }

  #startEntry(header: TarHeader, block: Buffer): void {
    const pax = this.#pax;
    const name = pax?.path ?? this.#longName ?? header.name;
    // Before directories had a type, the slash marked them.
    const kind = header.type === '\0' && name.endsWith('/') ? 'directory' : KINDS[header.type];
    if (kind === undefined)
      throw layerInvalid(name, `its type ${showName(header.type)} is unknown`);
    const storedSize = kind === 'file' ? (pax?.size ?? header.size) : 0;
    this.#entry = {
      kind,
      name,
      linkName: pax?.linkPath ?? this.#longLink ?? header.linkName,
      mode: header.mode,
      uid: pax?.uid ?? header.uid,
      gid: pax?.gid ?? header.gid,
      size: storedSize,
      mtimeSec: pax?.mtimeSec ?? header.mtimeSec,
      mtimeNsec: pax?.mtimeNsec ?? 0,
      major: header.major,
      minor: header.minor,
      xattrs: pax === undefined ? [] : [...pax.xattrs],
    };
    this.#dataLeft = storedSize;
    this.#padLeft = padding(storedSize);
    this.#longName = this.#longLink = this.#pax = undefined;
    this.#extensions = 0;
    if (header.type === 'S') this.#startOldSparse(this.#entry, block);
    else if (pax !== undefined && kind === 'file') this.#startPaxSparse(this.#entry, pax);
    else this.#emitEntry(this.#entry, undefined);
  }

  #startOldSparse(entry: TarEntry, block: Buffer): void {
    this.#sparseMap = [];
    entry.size = oldGnuRealSize(block, entry.name);
    const more = readOldGnuSparse(block, 'header', this.#sparseMap, entry.name);
    if (more) this.#state = 'sparse-header';
    else this.#emitEntry(entry, this.#sparseMap);
  }

  #takeSparseHeader(block: Buffer): void {
    const entry = this.#current();
    if (!readOldGnuSparse(block, 'extension', this.#sparseMap, entry.name))
      this.#emitEntry(entry, this.#sparseMap);
  }

  #startPaxSparse(entry: TarEntry, pax: PaxOverrides): void {
    const sparse = paxSparse(pax, entry.name);
    if (sparse === undefined) {
      this.#emitEntry(entry, undefined);
      return;
    }
    entry.name = sparse.name ?? entry.name;
    entry.size = sparse.realSize;
    if (sparse.map === 'in-data') {
      this.#mapReader = new SparseMapReader(entry.name);
      this.#state = 'sparse-map';
    } else this.#emitEntry(entry, sparse.map);
  }

  #takeSparseMap(block: Buffer): void {
    const entry = this.#current();
    if (this.#dataLeft < TAR_BLOCK)
      throw layerInvalid(entry.name, 'the sparse map reaches past its data');
    this.#dataLeft -= TAR_BLOCK;
    const map = this.#mapReader?.push(block);
    if (map !== undefined) this.#emitEntry(entry, map);
  }

  #emitEntry(entry: TarEntry, map: SparseMap | undefined): void {
    if (map !== undefined) checkSparseMap(map, entry.size, this.#dataLeft, entry.name);
    this.#segments = map ?? [0, entry.size];
    this.#segment = 0;
    this.#segmentLeft = 0;
    this.#fileOffset = 0;
    this.handler.entry(entry);
    if (this.#dataLeft > 0) this.#state = 'data';
    else this.#finishData(entry);
  }

  #pushData(chunk: Buffer, offset: number): number {
    while (this.#segmentLeft === 0) {
      const start = this.#segments[this.#segment] ?? 0;
      this.#segmentLeft = this.#segments[this.#segment + 1] ?? this.#dataLeft;
      this.#segment += 2;
      if (start > this.#fileOffset) this.handler.hole(start - this.#fileOffset);
      this.#fileOffset = start;
    }
    const length = Math.min(this.#segmentLeft, chunk.length - offset);
    this.handler.data(chunk.subarray(offset, offset + length));
    this.#segmentLeft -= length;
    this.#fileOffset += length;
    this.#dataLeft -= length;
    if (this.#dataLeft === 0) this.#finishData(this.#current());
    return length;
  }

  #finishData(entry: TarEntry): void {
    if (entry.kind === 'file') {
      if (entry.size > this.#fileOffset) this.handler.hole(entry.size - this.#fileOffset);
      this.handler.done();
    }
    this.#state = this.#padLeft > 0 ? 'pad' : 'header';
  }

  #current(): TarEntry {
    if (this.#entry === undefined) throw new Error('tar reader: no entry is being read');
    return this.#entry;
  }
}

function padding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString('latin1', 0, end < 0 ? body.length : end);
}
