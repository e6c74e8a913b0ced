/** Compression formats of archives besides those of layers, gzip and zstd. */
export interface ForeignPacking {
  /** The name that users know. */
  name: string;
  /** Unpacks stdin to stdout; undefined for formats that are not a stream. */
  command: readonly [program: string, ...options: string[]] | undefined;
  /** We run the command ourselves; most hosts lack the others. */
  known: boolean;
}

/** How many leading bytes identify the format. */
export const FOREIGN_MAGIC_BYTES = 10;

/**
 * `xz` may take as much memory as zstd's widest window; `xz -9` needs 65 MiB. One thread, since
 * each would take the same.
 */
const XZ_LIMITS = ['--memlimit-decompress=128MiB', '--threads=1'];

const XZ = Buffer.from('fd377a585a00', 'hex');
/** Follows `BZh1` to `BZh9`: the first block, or the end of an empty stream. */
const BZIP2 = ['314159265359', '177245385090'].map((hex) => Buffer.from(hex, 'hex'));
const OTHERS: readonly [magic: Buffer, packing: ForeignPacking][] = [
  [Buffer.from('04224d18', 'hex'), unknown('lz4', 'lz4', '-dc')],
  [Buffer.from('LZIP\x01', 'latin1'), unknown('lzip', 'lzip', '-dc')],
  [Buffer.from('1f9d', 'hex'), unknown('compress', 'uncompress', '-c')],
  [Buffer.from('504b0304', 'hex'), { name: 'zip', command: undefined, known: false }],
  [Buffer.from('377abcaf271c', 'hex'), { name: '7z', command: undefined, known: false }],
];

/**
 * Identifies a format by the first bytes; no tar could start with these, as its first entry's name.
 */
export function foreignPackingOf(head: Buffer): ForeignPacking | undefined {
  if (begins(head, XZ))
    return {
      name: 'xz',
      command: ['xz', '--decompress', '--stdout', '--quiet', ...XZ_LIMITS],
      known: true,
    };
  if (/^BZh[1-9]/.test(head.toString('latin1')) && BZIP2.some((magic) => head.includes(magic, 4)))
    return { name: 'bzip2', command: ['bzip2', '--decompress', '--stdout'], known: true };
  return OTHERS.find(([magic]) => begins(head, magic))?.[1];
}

function unknown(name: string, program: string, ...options: string[]): ForeignPacking {
  return { name, command: [program, ...options], known: false };
}

function begins(head: Buffer, magic: Buffer): boolean {
  return head.subarray(0, magic.length).equals(magic);
}
