import { gunzipSync } from 'node:zlib';
import { BoxliteError } from '../../errors.js';
import { runProgram } from '../../host/run-program.js';

const MAGICS = {
  gzip: Buffer.from('1f8b', 'hex'),
  xz: Buffer.from('fd377a585a00', 'hex'),
  zstd: Buffer.from('28b52ffd', 'hex'),
  lz4: Buffer.from('02214c18', 'hex'), // legacy frames, which is what kernels use
} as const;

export type Compression = keyof typeof MAGICS;

/** Recognized by its first bytes, never by a file's name. */
export function compressionOf(bytes: Buffer): Compression | undefined {
  const kinds = Object.keys(MAGICS) as Compression[];
  return kinds.find((kind) => bytes.subarray(0, MAGICS[kind].length).equals(MAGICS[kind]));
}

/**
 * @param name name of the file, for the message
 * @throws setup-needed when the decompressor is not installed; image-corrupt when it fails
 */
export async function decompress(bytes: Buffer, kind: Compression, name: string): Promise<Buffer> {
  if (kind === 'gzip') {
    try {
      return gunzipSync(bytes);
    } catch (error) {
      throw new BoxliteError('image-corrupt', `can't decompress ${name} (gzip)`, { cause: error });
    }
  }
  const { status, stdout, stderr } = await runProgram(kind, ['-dc'], { input: bytes, tool: kind });
  if (status !== 0)
    throw new BoxliteError('image-corrupt', `can't decompress ${name}: ${stderr.trim()}`);
  return stdout;
}
