import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import type { TestHome } from './test-home.js';

const execute = promisify(execFile);

const MIB = 2 ** 20;
const ROOMY_BYTES = 2048 * MIB;

/** The file system of a home's own, of which the size is changed as wanted. Needs root. */
export interface HomeDisk {
  /** Takes all the space there is. */
  fill(): Promise<void>;
  /** Gives it back. */
  free(): Promise<void>;
}

/** Puts a home, which `useHome` has made before, on a disk of its own for the tests of the calling file. */
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
          // A box that runs may have written meanwhile: less than there is, it can't be made.
          const now = await statfs(home.path);
          if ((now.blocks - now.bfree) * now.bsize <= used) throw error;
        }
      }
    },
    free: () => resize(ROOMY_BYTES),
  };
}
