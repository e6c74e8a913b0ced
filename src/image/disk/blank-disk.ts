import { constants } from 'node:fs';
import { access, open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { exists } from '../../host/host-path.js';
import { makeDirectoryOnce } from '../../host/make-once.js';
import { programDirectories, SYSTEM_DIRECTORIES } from '../../host/program-path.js';
import { runProgram } from '../../host/run-program.js';
import { DISK_BYTES } from './disk-size.js';
import { ext4Extents } from './ext4-extents.js';
import { writeSparseMap } from './sparse-copy.js';

const MIN_BYTES = 64 * 2 ** 20;
const BLOCK = 4096;
/** A blank takes a tenth of this. */
const LEAST_FREE_BYTES = 2 ** 21;
const MAKE_TIMEOUT_MS = 60_000;

/**
 * Spelled out, so that a host's mke2fs.conf changes nothing. Without backup superblocks the blank
 * has few written places; without reserved blocks and resize_inode the user gets all the space.
 */
const FEATURES = [
  'none',
  'has_journal',
  'ext_attr',
  'dir_index',
  'filetype',
  'extent',
  '64bit',
  'flex_bg',
  'sparse_super2',
  'large_file',
  'huge_file',
  'dir_nlink',
  'extra_isize',
  'metadata_csum',
].join(',');
/**
 * `discard` on a sparse file tells mke2fs that the inode tables are already zero: it marks them so,
 * and the guest's kernel has nothing to initialise in the background.
 */
const EXTENDED = 'root_owner=0:0,lazy_journal_init=1,num_backup_sb=0,discard';

/**
 * A new, empty ext4 file system from which `copySparse` copies box disks, made once per size.
 * @param bytes size of the file system, a multiple of 4096; the file is `DISK_BYTES` long and
 * sparse
 * @returns the file's path
 * @throws BoxliteError 'invalid-argument', 'setup-needed' (no mke2fs), 'no-space'
 */
export async function blankDisk(home: Home, bytes: number): Promise<string> {
  if (
    !Number.isSafeInteger(bytes) ||
    bytes < MIN_BYTES ||
    bytes > DISK_BYTES ||
    bytes % BLOCK !== 0
  )
    throw new BoxliteError('invalid-argument', `a disk can't have ${bytes} bytes`, {
      hint: `ask for a multiple of ${BLOCK} from ${MIN_BYTES} to ${DISK_BYTES} bytes`,
    });
  const directory = join(home.blanks(), String(bytes));
  const path = join(directory, 'disk.ext4');
  try {
    if (!(await exists(path)))
      await makeDirectoryOnce(directory, (temporary) =>
        makeBlank(join(temporary, 'disk.ext4'), bytes),
      );
    return path;
  } catch (error) {
    throw errnoOf(error) === undefined ? error : fileError(error, `make ${path}`);
  }
}

async function makeBlank(path: string, bytes: number): Promise<void> {
  const mke2fs = await findMke2fs();
  await using file = await open(path, 'wx+', 0o600);
  await file.truncate(DISK_BYTES);
  await runMke2fs(mke2fs, path, bytes);
  await writeSparseMap(path, await ext4Extents(file));
  await file.datasync();
}

async function runMke2fs(mke2fs: string, path: string, bytes: number): Promise<void> {
  const flags = ['-q', '-F', '-t', 'ext4', '-b', `${BLOCK}`, '-I', '256', '-m', '0'];
  const journal = ['-J', `size=${journalMib(bytes)}`];
  const features = ['-O', FEATURES, '-E', EXTENDED];
  const size = `${bytes / 1024}k`;
  const { status, stderr } = await runProgram(
    mke2fs,
    [...flags, ...journal, ...features, path, size],
    { timeoutMs: MAKE_TIMEOUT_MS, env: { LC_ALL: 'C', MKE2FS_CONFIG: '/dev/null' } },
  );
  if (status === 0) return;
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < LEAST_FREE_BYTES)
    throw new BoxliteError('no-space', `no space left on the host to make ${path}`, {
      hint: 'free some space, or point BOXLITE_HOME at a larger disk',
    });
  throw new BoxliteError('setup-needed', `${mke2fs} can't make a file system: ${stderr.trim()}`, {
    hint: 'install e2fsprogs 1.44 or newer',
  });
}

/** The journal is a hole until it is used, but it must not fill a small file system. */
function journalMib(bytes: number): number {
  return bytes < 2 ** 30 ? 4 : 32;
}

async function findMke2fs(): Promise<string> {
  for (const directory of [...programDirectories(), ...SYSTEM_DIRECTORIES]) {
    const candidate = join(directory, 'mke2fs');
    if (await isExecutable(candidate)) return candidate;
  }
  throw new BoxliteError('setup-needed', "mke2fs is missing: it makes the boxes' disks", {
    hint: 'install the package e2fsprogs, or have it installed',
    remedy: { action: 'setup' },
  });
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
