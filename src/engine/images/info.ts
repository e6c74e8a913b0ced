import type { ImageConfig } from '../../image/oci/image-config.js';
import { familiarName, parseReference } from '../../image/oci/reference.js';
import type { ImageRecord, ImageReference } from '../../store/images.js';
import { repositoryOf } from './find.js';

export interface ImageInfo {
  /** Canonical; undefined for a dangling image. */
  reference: string | undefined;
  /** The short form: `alpine`, `localhost/busybox`; `<none>` for a dangling image. */
  repository: string;
  tag: string | undefined;
  /** Digest of its index or manifest in the registry; empty for a local name. */
  digest: string;
  manifestDigest: string;
  /** Digest of the configuration. */
  id: string;
  createdAt: Date;
  /** Bytes of the files in its layers, unpacked. */
  sizeBytes: number;
  platform: string;
}

export interface ImageDetails extends ImageInfo {
  config: ImageConfig;
  /** DiffIDs, lowest first. */
  layers: string[];
  references: string[];
  /** What it was pulled as: `docker.io/library/alpine@sha256:…`. */
  repoDigests: string[];
  /** When it was last given a name. */
  lastTaggedAt: Date | undefined;
}

export function infoOf(
  record: ImageRecord,
  sizeBytes: number,
  reference?: ImageReference,
): ImageInfo {
  const parsed = reference && parseReference(reference.reference);
  const repository =
    parsed?.registry === undefined
      ? '<none>'
      : familiarName({ registry: parsed.registry, repository: parsed.repository });
  return {
    reference: reference?.reference,
    repository,
    tag: parsed?.tag,
    digest: reference?.indexDigest ?? '',
    manifestDigest: record.manifestDigest,
    id: record.imageId,
    createdAt: new Date(record.createdAt),
    sizeBytes,
    platform: record.platform,
  };
}

/** The references, with digests, that an image was pulled as. */
export function repoDigests(references: readonly ImageReference[]): string[] {
  const digests = references.flatMap(({ reference, indexDigest }) => {
    const { registry = '', repository } = parseReference(reference);
    return indexDigest === null ? [] : [`${repositoryOf({ registry, repository })}@${indexDigest}`];
  });
  return [...new Set(digests)];
}

export function lastTagged(references: readonly ImageReference[]): Date | undefined {
  if (references.length === 0) return undefined;
  return new Date(Math.max(...references.map(({ pulledAt }) => pulledAt)));
}
