import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { Home } from '../../src/host/home.js';
import { fakeGzipKernel, fakeModule } from './fake-kernel.js';

/** Modules of a fake kernel, all that a guest needs. */
export const MODULES = [
  'virtio_mmio',
  'virtio_console',
  'virtio_blk',
  'virtio_net',
  'virtio-rng',
].concat(...['9pnet_virtio', '9p', 'erofs', 'ext4', 'overlay']);

export let root: string;
export let home: Home;
/** What names the kernel of the place. */
export let named: { kernel: string; modules: string };

/** Before each test of the calling file: a new home, a kernel with modules beside it, and native programs. */
export function useAssetsPlace(): void {
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'assets test '));
    home = new Home(join(root, 'home'));
    named = { kernel: join(root, 'vmlinuz'), modules: join(root, 'modules') };
    place('vmlinuz', fakeGzipKernel('6.1.0-1-test'));
    for (const name of MODULES) place(`modules/kernel/${name}.ko`, fakeModule(''));
    place('native/boxlite-guest', 'agent 1');
    vi.stubEnv('BOXLITE_NATIVE', join(root, 'native'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(root, { recursive: true });
  });
}

export function place(path: string, data: Buffer | string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
}

/** A program on PATH before all others. */
export function placeProgram(name: string, script: string): void {
  place(`programs/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, 'programs', name), 0o755);
  vi.stubEnv('PATH', `${join(root, 'programs')}:${process.env.PATH ?? ''}`);
}

export function kernels(): string[] {
  return readdirSync(home.assets()).filter((name) => name.startsWith('kernel-'));
}
