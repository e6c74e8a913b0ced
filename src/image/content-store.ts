import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { BoxliteError, errnoOf, fileError } from '../errors.js';
import type { Home } from '../home.js';
import { type DigestAlgorithm, digestOf, parseDigest, shortDigest } from './digest.js';

/** What a blob must be: bytes under `digest`, `size` of them. */
export interface BlobDescriptor {
  digest: string;
  size: number;
}

export function blobPath(home: Home, digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return join(home.blobs(algorithm), hex);
}

/** Whether the blob is here whole; one of another size is damaged and counts as missing. */
export async function hasBlob(home: Home, blob: BlobDescriptor): Promise<boolean> {
  return (await blobSize(home, blob.digest)) === blob.size;
}

/** Bytes of a stored blob, or undefined when it is not here. */
export async function blobSize(home: Home, digest: string): Promise<number | undefined> {
  try {
    return (await stat(blobPath(home, digest))).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fileError(error, `look at blob ${digest}`);
  }
}

/**
 * Reads a small blob and verifies it.
 * @throws BoxliteError `image-corrupt` when it is missing, too large, or not what its digest says
 */
export async function readBlob(home: Home, digest: string, maxBytes: number): Promise<Buffer> {
  const size = await blobSize(home, digest);
  if (size === undefined) throw damaged(digest, 'is missing');
  if (size > maxBytes) throw damaged(digest, `has ${size} bytes, more than ${maxBytes}`);
  const bytes = await readFile(blobPath(home, digest));
  if (digestOf(bytes, parseDigest(digest).algorithm) !== digest)
    throw damaged(digest, 'is not what its digest says');
  return bytes;
}

/** Stores bytes at hand and returns their digest. */
export async function writeBlob(
  home: Home,
  bytes: Uint8Array,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<string> {
  const digest = digestOf(bytes, algorithm);
  if (await hasBlob(home, { digest, size: bytes.length })) return digest;
  const temporary = await temporaryPath(home);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await adoptBlob(home, temporary, digest);
    return digest;
  } catch (error) {
    throw fileError(error, `write blob ${digest}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Moves a verified, synced file into the store under its digest. */
export async function adoptBlob(home: Home, path: string, digest: string): Promise<void> {
  const target = blobPath(home, digest);
  try {
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
  } catch (error) {
    throw fileError(error, `store blob ${digest}`);
  }
}

/** Forgets a blob that turned out to be damaged, so that the next pull brings it again. */
export async function discardBlob(home: Home, digest: string): Promise<void> {
  await rm(blobPath(home, digest), { force: true });
}

/** A new name on the store's file system for a file that may become a blob. */
export async function temporaryPath(home: Home): Promise<string> {
  try {
    await mkdir(home.partial(), { recursive: true });
  } catch (error) {
    throw fileError(error, `make ${home.partial()}`);
  }
  return join(home.partial(), `new-${process.pid}-${randomBytes(6).toString('hex')}`);
}

function damaged(digest: string, rule: string): BoxliteError {
  return new BoxliteError('image-corrupt', `stored blob ${shortDigest(digest)} ${rule}`, {
    hint: 'pull or load the image again',
  });
}
