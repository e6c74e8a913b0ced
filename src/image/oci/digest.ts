import { createHash, type Hash } from 'node:crypto';
import { BoxliteError } from '../../errors.js';

/** The algorithms we verify, with the length of their hex form (OCI image-spec, descriptor.md). */
const HEX_LENGTHS = { sha256: 64, sha512: 128 } as const;

export type DigestAlgorithm = keyof typeof HEX_LENGTHS;

/** A parsed digest; its one canonical spelling is `algorithm:hex`, in lower case. */
export interface Digest {
  algorithm: DigestAlgorithm;
  hex: string;
}

/**
 * Parses `sha256:<64 hex>` or `sha512:<128 hex>`.
 * @throws BoxliteError `image-corrupt`; callers with a better error for it check `isDigest` first
 */
export function parseDigest(text: string): Digest {
  const digest = matchDigest(text);
  if (digest === undefined)
    throw new BoxliteError(
      'image-corrupt',
      `not a digest BoxLite can verify: ${JSON.stringify(text)}`,
    );
  return digest;
}

export function isDigest(text: string): boolean {
  return matchDigest(text) !== undefined;
}

/** The digest of bytes in memory, as `algorithm:hex`. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** A running hash of the algorithm that `digest` names. */
export function hashFor(digest: string): Hash {
  return createHash(parseDigest(digest).algorithm);
}

/** The first 12 hex digits, as users see ids and layers. */
export function shortDigest(digest: string): string {
  return parseDigest(digest).hex.slice(0, 12);
}

function matchDigest(text: string): Digest | undefined {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, Math.max(colon, 0));
  const hex = text.slice(colon + 1);
  if (algorithm !== 'sha256' && algorithm !== 'sha512') return undefined;
  if (hex.length !== HEX_LENGTHS[algorithm] || !/^[0-9a-f]+$/.test(hex)) return undefined;
  return { algorithm, hex };
}
