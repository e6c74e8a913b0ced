import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { isSealed, seal } from '../../host/seal.js';
import { syncDirectory } from '../../host/sync-directory.js';
import {
  type DigestAlgorithm,
  digestOf,
  hashFor,
  parseDigest,
  shortDigest,
} from '../oci/digest.js';

/** A blob's identity: `size` bytes with this `digest`. */
export interface BlobDescriptor {
  digest: string;
  size: number;
}

export function blobPath(home: Home, digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return join(home.blobs(algorithm), hex);
}

/**
 * Whether the store holds the whole blob; a damaged one counts as missing. A blob touched since its
 * verification is verified again, which takes as long as reading it.
 */
export async function hasBlob(home: Home, blob: BlobDescriptor): Promise<boolean> {
  const path = blobPath(home, blob.digest);
  try {
    const stats = await stat(path);
    if (stats.size !== blob.size) return false;
    if (isSealed(stats)) return true;
    if (!(await isIntact(home, blob.digest))) return false;
    await seal(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(error, `look at blob ${blob.digest}`);
  }
}

/** Whether a stored blob matches its digest; reads all of it. */
export async function isIntact(home: Home, digest: string): Promise<boolean> {
  const hash = hashFor(digest);
  for await (const chunk of createReadStream(blobPath(home, digest)) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash.digest('hex') === parseDigest(digest).hex;
}

/** Size of a stored blob in bytes, or undefined when it is missing. */
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
 * @throws BoxliteError `image-corrupt` when it is missing, too large, or does not match its digest
 */
export async function readBlob(home: Home, digest: string, maxBytes: number): Promise<Buffer> {
  const size = await blobSize(home, digest);
  if (size === undefined) throw damaged(digest, 'is missing');
  if (size > maxBytes) throw damaged(digest, `has ${size} bytes, more than ${maxBytes}`);
  const bytes = await readFile(blobPath(home, digest)).catch((error: unknown) => {
    // Another process may have just removed it.
    if (errnoOf(error) === 'ENOENT') throw damaged(digest, 'is missing');
    throw fileError(error, `read blob ${digest}`);
  });
  if (digestOf(bytes, parseDigest(digest).algorithm) !== digest)
    throw damaged(digest, 'is not what its digest says');
  return bytes;
}

/** Stores bytes from memory and returns their digest. */
export async function writeBlob(
  home: Home,
  bytes: Uint8Array,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<string> {
  const digest = digestOf(bytes, algorithm);
  if (await hasBlob(home, { digest, size: bytes.length })) return digest;
  const temporary = temporaryPath(home);
  try {
    const file = await open(temporary, 'wx', 0o600);
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

/** Moves a verified, synced file into the store under its digest, and seals it. */
export async function adoptBlob(home: Home, path: string, digest: string): Promise<void> {
  const target = blobPath(home, digest);
  try {
    makePrivateDirectory(dirname(target));
    await seal(path);
    await rename(path, target);
    await syncDirectory(dirname(target));
  } catch (error) {
    throw fileError(error, `store blob ${digest}`);
  }
}

/** Removes a damaged blob, so that the next pull fetches it again. */
export async function discardBlob(home: Home, digest: string): Promise<void> {
  await rm(blobPath(home, digest), { force: true });
}

/** A new name, on the store's file system, for a file that may become a blob. */
export function temporaryPath(home: Home): string {
  makePrivateDirectory(home.partial());
  return join(home.partial(), `new-${process.pid}-${randomBytes(6).toString('hex')}`);
}

function damaged(digest: string, rule: string): BoxliteError {
  return new BoxliteError('image-corrupt', `stored blob ${shortDigest(digest)} ${rule}`, {
    hint: 'pull or load the image again',
  });
}
