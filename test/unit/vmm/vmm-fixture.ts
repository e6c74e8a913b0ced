import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Home } from '../../../src/host/home.js';
import type {
  GuestKernel,
  MachineFiles,
  MachineSpec,
  VmmProgram,
} from '../../../src/vmm/driver.js';

export const MACHINE: MachineSpec = { cpus: 2, memoryMib: 512, accelerator: 'tcg' };
export const OLD_QEMU: VmmProgram = { path: '/usr/bin/qemu-system-x86_64', version: [7, 2, 22] };
export const NEW_QEMU: VmmProgram = { ...OLD_QEMU, version: [8, 2, 0] };
export const GUEST: GuestKernel = { kernel: '/h/assets/vmlinux', initramfs: '/h/assets/initramfs' };

/** Files of a box whose image has two extents. */
export const BOX_DISKS: MachineFiles = {
  image: '/h/boxes/b/image.vmdk',
  extents: ['/h/images/disks/d', '/h/images/layers/l/data'],
  disk: '/h/boxes/b/disk.ext4',
  share: '/h/empty',
};

/** A home of its own, gone with the test. */
export function temporaryHome(): Home {
  const root = mkdtempSync(join(tmpdir(), 'boxlite-vmm-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return new Home(join(root, 'home'));
}
