import type { VmmDriver } from './driver.js';
import { qemu } from './qemu/driver.js';

/** What boxes run on. */
export const vmm: VmmDriver = qemu;
