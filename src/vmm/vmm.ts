import type { VmmDriver } from './driver.js';
import { qemu } from './qemu/driver.js';

/** The driver that runs boxes. */
export const vmm: VmmDriver = qemu;
