import { isGzip, isZstd } from '../oci/media-types.js';
import { gunzip } from './gzip.js';
import { layerPackingUnknown } from './layer-error.js';
import { FOREIGN_MAGIC_BYTES, foreignPackingOf } from './packing.js';
import { peek } from './peek.js';

/**
 * The uncompressed bytes of a layer blob. Its first bytes tell the compression (media types are
 * sometimes wrong). An error of the source passes through unchanged.
 * @throws BoxliteError 'layer-invalid' for a damaged stream, 'unsupported' for a zstd stream that
 * needs too much memory and for other compressions
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source, FOREIGN_MAGIC_BYTES);
  if (isGzip(head)) yield* gunzip(rest);
  // Load it only for the few layers that need it.
  else if (isZstd(head)) yield* (await import('./zstd.js')).unzstd(rest);
  else {
    const foreign = foreignPackingOf(head);
    if (foreign === undefined) yield* rest;
    else {
      await rest.return(undefined);
      throw layerPackingUnknown(foreign.name);
    }
  }
}
