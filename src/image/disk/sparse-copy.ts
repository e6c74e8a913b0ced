import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { ByteRange } from './ext4-extents.js';

/** The suffix of the file beside a sparse file that lists its non-zero parts. */
const MAP_SUFFIX = '.map';
/** How much of a part is copied at once. */
const CHUNK_BYTES = 2 ** 20;

interface SparseMap {
  bytes: number;
  extents: ByteRange[];
}

/** Writes the map that `copySparse` of `path` will use. */
export async function writeSparseMap(path: string, extents: ByteRange[]): Promise<void> {
  const map: SparseMap = { bytes: (await stat(path)).size, extents };
  await writeFile(path + MAP_SUFFIX, JSON.stringify(map), { flush: true });
}

/**
 * Copies a sparse file that has a map, within milliseconds whatever its length: shares its blocks
 * if the host's file system can, else copies only the parts in the map.
 * @param target must not exist
 * @throws BoxliteError 'image-corrupt' (no map), 'no-space', 'permission'
 */
export async function copySparse(source: string, target: string): Promise<void> {
  if (await cloneFile(source, target)) return;
  const map = await readMap(source);
  try {
    await using from = await open(source, 'r');
    await using to = await open(target, 'wx', 0o600);
    await to.truncate(map.bytes);
    await Promise.all(map.extents.map((range) => copyRange(from, to, range)));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') await rm(target, { force: true });
    throw error instanceof EndOfFile
      ? tooShort(source)
      : fileError(error, `copy ${source} to ${target}`);
  }
}

/** A read or write may be short: at the end of the file, and on a nearly full disk. */
async function copyRange(
  from: FileHandle,
  to: FileHandle,
  { offset, length }: ByteRange,
): Promise<void> {
  const buffer = Buffer.alloc(Math.min(length, CHUNK_BYTES));
  for (let at = offset; at < offset + length;) {
    const wanted = Math.min(buffer.length, offset + length - at);
    const { bytesRead } = await from.read(buffer, 0, wanted, at);
    if (bytesRead === 0) throw new EndOfFile();
    for (let done = 0; done < bytesRead;)
      done += (await to.write(buffer, done, bytesRead - done, at + done)).bytesWritten;
    at += bytesRead;
  }
}

class EndOfFile extends Error {}

async function cloneFile(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw fileError(error, `write ${target}`);
    // The plain copy meets any other failure again and reports it.
    return false;
  }
}

async function readMap(source: string): Promise<SparseMap> {
  const path = source + MAP_SUFFIX;
  try {
    const map: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (isMap(map)) return map;
  } catch (error) {
    throw corrupt(path, error);
  }
  throw corrupt(path);
}

function isMap(value: unknown): value is SparseMap {
  if (typeof value !== 'object' || value === null) return false;
  const { bytes, extents } = value as Record<string, unknown>;
  return typeof bytes === 'number' && Array.isArray(extents) && extents.every(isRange);
}

function isRange(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { offset, length } = value as Record<string, unknown>;
  return Number.isSafeInteger(offset) && Number.isSafeInteger(length);
}

function tooShort(source: string): BoxliteError {
  return new BoxliteError('image-corrupt', `${source} is shorter than its map says`, {
    hint: `remove the directory that holds it; BoxLite creates it again`,
  });
}

function corrupt(path: string, cause?: unknown): BoxliteError {
  return new BoxliteError('image-corrupt', `the map of written blocks ${path} can't be read`, {
    cause,
    hint: `remove the directory that holds it; BoxLite creates it again`,
  });
}
