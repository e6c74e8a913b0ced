import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import type { TestHome } from './test-home.js';

const execute = promisify(execFile);

const MIB = 2 ** 20;
const ROOMY_BYTES = 2048 * MIB;

/** A home's own file system, whose size can be changed. Needs root. */
export interface HomeDisk {
  /** Uses up all free space. */
  fill(): Promise<void>;
  /** Frees it again. */
  free(): Promise<void>;
}

/** Moves a home created by `useHome` to its own disk for the tests of the calling file. */
export function useHomeDisk(home: TestHome): HomeDisk {
  const resize = async (bytes: number): Promise<void> => {
    await execute('mount', ['-o', `remount,size=${bytes}`, home.path]);
  };
  beforeAll(async () => {
    const staging = `${home.path}.disk`;
    await mkdir(staging);
    await execute('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY_BYTES},mode=755`, 'test', staging]);
    await execute('cp', ['-a', '--sparse=always', `${home.path}/.`, staging]);
    await execute('mount', ['--move', staging, home.path]);
  });
  afterAll(() => execute('umount', ['-l', home.path]));
  return {
    fill: async () => {
      for (;;) {
        const { blocks, bfree, bsize } = await statfs(home.path);
        const used = (blocks - bfree) * bsize;
        try {
          await resize(used);
          return;
        } catch (error) {
          // A running box may have written in between; the file system can't become smaller than its content.
          const now = await statfs(home.path);
          if ((now.blocks - now.bfree) * now.bsize <= used) throw error;
        }
      }
    },
    free: () => resize(ROOMY_BYTES),
  };
}
