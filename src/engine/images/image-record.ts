import { formatPlatform } from '../../image/oci/platform.js';
import type { StoredImage } from '../../image/store/image-record.js';
import type { ImageRecord } from '../../store/images.js';

/** The database's record of a stored image. */
export function recordOf(image: StoredImage): ImageRecord {
  const created = Date.parse(image.config.created ?? '');
  return {
    manifestDigest: image.manifestDigest,
    imageId: image.configDigest,
    platform: formatPlatform(image.platform),
    size: image.size,
    createdAt: Number.isNaN(created) ? 0 : created,
  };
}
