import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../errors.js';
import { encodeErofs } from '../erofs/erofs.js';
import { DATA_BLOCK } from '../layer/data.js';
import { type Directory, newDirectory } from '../layer/tree.js';
import { DISK_BYTES } from './disk-size.js';

const NO_UUID = Buffer.alloc(16);

/**
 * A directory's files and directories as a read-only disk of `DISK_BYTES`, sparse: EROFS metadata, then the
 * files' data. All belong to root, and nobody may write them. Equal files give equal disks.
 * @param target a new file, written back when this returns
 * @throws BoxliteError 'no-space', or what `fileError` makes of another error of a file
 */
export async function writeDirectoryDisk(directory: string, target: string): Promise<void> {
  try {
    const contents: Content[] = [];
    const root = newDirectory(undefined);
    const blocks = await addAll(directory, root, 0, contents);
    const metadata = encodeErofs(root, [0], blocks, NO_UUID);
    await using file = await open(target, 'wx', 0o644);
    await file.truncate(DISK_BYTES);
    await file.write(metadata, 0, metadata.length, 0);
    for (const { path, block } of contents) {
      const data = await readFile(path);
      await file.write(data, 0, data.length, metadata.length + block * DATA_BLOCK);
    }
    await file.datasync();
  } catch (error) {
    throw fileError(error, `make ${target} of ${directory}`);
  }
}

interface Content {
  path: string;
  /** Where it begins, counted from the metadata's end. */
  block: number;
}

/** @returns the first block behind the data of these files */
async function addAll(
  path: string,
  directory: Directory,
  firstBlock: number,
  contents: Content[],
): Promise<number> {
  let block = firstBlock;
  const entries = await readdir(path, { withFileTypes: true });
  entries.sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name));
  for (const entry of entries) {
    const inode = newDirectory(directory);
    const at = join(path, entry.name);
    const name = Buffer.from(entry.name).toString('latin1');
    if (entry.isDirectory()) {
      directory.names.set(name, { inode, madeBy: 0 });
      block = await addAll(at, inode, block, contents);
    } else if (entry.isFile()) {
      const { size } = await stat(at);
      const file = { ...inode, kind: 'file' as const, mode: 0o644, size, block };
      directory.names.set(name, { inode: file, madeBy: 0 });
      contents.push({ path: at, block });
      block += Math.ceil(size / DATA_BLOCK);
    }
  }
  return block;
}
