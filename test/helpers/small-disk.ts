import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { Home } from '../../src/host/home.js';

/** A home on its own file system of a few MiB, removed after the test. Needs root. */
export class SmallDisk {
  private constructor(
    private readonly mountPoint: string,
    readonly home: Home,
  ) {}

  static async make(mib: number): Promise<SmallDisk> {
    const mountPoint = await mkdtemp(join(tmpdir(), 'boxlite-small-'));
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'boxlite-test', mountPoint]);
    onTestFinished(async () => {
      await execa('umount', [mountPoint]);
      await rm(mountPoint, { recursive: true });
    });
    return new SmallDisk(mountPoint, new Home(join(mountPoint, 'home')));
  }

  async resize(mib: number): Promise<void> {
    await execa('mount', ['-o', `remount,size=${mib}m`, this.mountPoint]);
  }

  /** Uses up all free space except this many KiB. @returns a function that frees it */
  async fill(leaveKib = 0): Promise<() => Promise<void>> {
    const path = join(this.mountPoint, 'filler');
    await using file = await open(path, 'w');
    const block = Buffer.alloc(4096, 'x');
    let bytes = 0;
    try {
      for (;;) bytes += (await file.write(block)).bytesWritten;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
    await file.truncate(Math.max(bytes - leaveKib * 1024, 0));
    return () => rm(path);
  }
}
