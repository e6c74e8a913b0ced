import { isGzip, isZstd } from '../oci/media-types.js';
import { gunzip } from './gzip.js';
import { layerPackingUnknown } from './layer-error.js';
import { FOREIGN_MAGIC_BYTES, foreignPackingOf } from './packing.js';
import { peek } from './peek.js';

/**
 * The plain bytes of a layer blob, whose compression its first bytes tell (media types lie now and
 * then). An error of the source passes through unchanged.
 * @throws BoxliteError 'layer-invalid' for a damaged stream, 'unsupported' for a zstd stream that asks
 *   for too much memory and for a packing that layers don't have
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source, FOREIGN_MAGIC_BYTES);
  if (isGzip(head)) yield* gunzip(rest);
  // Loaded for the few layers that need it.
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
